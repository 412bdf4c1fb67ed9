"""The commands: ``mechlearn run | init | simulate | learn | validate | compare | graph | reduce``.

Each imports what it needs when it runs, so that ``--help`` answers at once.
"""
# ruff: noqa: I001 (the help lists the commands in this order)

from . import studies as studies
from . import mechanisms as mechanisms
from . import reducing as reducing
from .shell import app as app
