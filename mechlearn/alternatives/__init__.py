"""Mechanism and data → other sets of reactions that explain the data as well, and what would decide between them."""

from .find import find_alternatives as find_alternatives
from .record import Alternative as Alternative
from .record import Alternatives as Alternatives
