"""mechlearn: concentration data → a small reaction mechanism that Cantera runs.

Letters in the docstrings: T times, S species, R reactions, N samples, M balances. Units: kmol, m³, s, K, J, Pa.
"""

from importlib.metadata import version

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
__version__ = version("mechlearn")
