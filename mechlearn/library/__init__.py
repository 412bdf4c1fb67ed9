"""The second learner: all reactions that the elements allow, by non-negative least squares."""

from .designed import designed_fit as designed_fit
from .fitting import errors_left as errors_left
from .learner import candidate_directions as candidate_directions
from .learner import library_fit as library_fit
from .proposing import proposed_reactions as proposed_reactions
from .record import LibraryFit as LibraryFit
from .record import LibraryReaction as LibraryReaction
from .states import Flux as Flux
