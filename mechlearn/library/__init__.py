"""The second learner: all reactions that the elements allow, by non-negative least squares."""

from .fitting import errors_left as errors_left
from .learner import LibraryFit as LibraryFit
from .learner import LibraryReaction as LibraryReaction
from .learner import candidate_directions as candidate_directions
from .learner import library_fit as library_fit
from .states import Flux as Flux
