"""The commands, a file each; the help lists them in this order.

Each imports what it needs when it runs, so that ``--help`` answers at once.
"""
# ruff: noqa: I001

from . import run as run
from . import init as init
from . import simulate as simulate
from . import inspect as inspect
from . import learn as learn
from . import validate as validate
from . import compare as compare
from . import graph as graph
from . import reduce as reduce
from .shell import app as app
