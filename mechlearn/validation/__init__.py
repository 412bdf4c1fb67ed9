"""Validation: every run is simulated again with the mechanism, by CVODES, and compared in the engineer's terms."""

from .ignition import ignition_delay as ignition_delay
from .judging import validate as validate
from .judging import validate_by as validate_by
from .measured import Measured as Measured
from .record import Check as Check
from .record import Deviation as Deviation
from .record import HeatRelease as HeatRelease
from .record import IgnitionDelay as IgnitionDelay
from .record import Validation as Validation
from .text import validation_text as validation_text
