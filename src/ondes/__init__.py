"""Turn one-dimensional signals into answers with neural networks.

>>> import ondes
>>> signal = ondes.Signal.of([0.0, 1.0, 0.0, -1.0], rate_hz=4)
>>> signal.duration_s
1.0

Everything below is loaded when it is first asked for, so that ``import ondes`` costs next to
nothing and no torch: floor by floor the rooms are ``ops``, ``io``, ``nn``, ``losses``,
``metrics``, ``models``, ``data``, ``tasks``, ``train``, ``run``, ``recipe``, ``report``, ``draw``
and ``cli``, with ``testing`` beside them.
"""

from importlib import import_module
from importlib.util import find_spec
from pkgutil import iter_modules
from typing import TYPE_CHECKING

__version__ = "0.1.0"

_HOMES = {
    "Signal": "signal",
    "Event": "events",
    "EventList": "events",
    "Timebase": "timebase",
    "Spec": "spec",
    "ClipSpec": "spec",
    "OndesError": "errors",
    "read": "io",
    "write": "io",
    "open_signal": "io",
    "read_events": "io",
    "write_events": "io",
    "resample": "ops.signals",
    "SignalClassifier": "estimators",
    "SignalRegressor": "estimators",
    "SignalTagger": "estimators",
    "attribute": "recipe.explaining",
    "explain": "recipe.explaining",
    "load": "run.loading",
    "Pipeline": "run.pipeline",
}

__all__ = [
    "ClipSpec",
    "Event",
    "EventList",
    "OndesError",
    "Pipeline",
    "Signal",
    "SignalClassifier",
    "SignalRegressor",
    "SignalTagger",
    "Spec",
    "Timebase",
    "attribute",
    "explain",
    "load",
    "open_signal",
    "read",
    "read_events",
    "resample",
    "write",
    "write_events",
]

if TYPE_CHECKING:
    from ondes.errors import OndesError
    from ondes.estimators import SignalClassifier, SignalRegressor, SignalTagger
    from ondes.events import Event, EventList
    from ondes.io import open_signal, read, read_events, write, write_events
    from ondes.ops.signals import resample
    from ondes.recipe.explaining import attribute, explain
    from ondes.run.loading import load
    from ondes.run.pipeline import Pipeline
    from ondes.signal import Signal
    from ondes.spec import ClipSpec, Spec
    from ondes.timebase import Timebase


def __getattr__(name: str) -> object:
    if name in _HOMES:
        return getattr(import_module(f"ondes.{_HOMES[name]}"), name)
    if find_spec(f"ondes.{name}"):
        return import_module(f"ondes.{name}")
    raise AttributeError(f"module 'ondes' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*__all__, "__version__", *(room.name for room in iter_modules(__path__))})
