"""Rates that fit whole trajectories: from runs without rates to a mechanism, and from a mechanism to better rates."""

from .candidates import candidates_of as candidates_of
from .candidates import possible_rows as possible_rows
from .candidates import span_of as span_of
from .learner import chosen_balances as chosen_balances
from .learner import courses_fit as courses_fit
from .near import networks_near as networks_near
from .record import CoursesFit as CoursesFit
from .record import Found as Found
from .record import Other as Other
from .refine import Refinement as Refinement
from .refine import refine as refine
