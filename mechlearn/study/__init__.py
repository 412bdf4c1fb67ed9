"""A study file → everything that it asks for, written into one folder."""

from ..files import example_studies as example_studies
from .schema import Study as Study
from .schema import load_study as load_study
