"""Let sed_eval be imported beside today's setuptools."""

import sys
from importlib.util import find_spec
from types import ModuleType

if not find_spec("pkg_resources"):
    # sed_eval imports, but never calls, what setuptools has dropped.
    sys.modules["pkg_resources"] = ModuleType("pkg_resources")
