"""A detector that is sure to be right, and sinks that remember."""

from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import pytest

from ondes.run.detector import joined

_file = spec_from_file_location("loud", Path(__file__).with_name("loud.py"))
_loud = module_from_spec(_file)
_file.loader.exec_module(_loud)


class Memory:
    """A sink that keeps all it gets."""

    def __init__(self):
        self.batches = []

    def write(self, batch):
        self.batches.append(batch)

    def close(self):
        pass

    @property
    def events(self):
        return joined([batch.events for batch in self.batches], _loud.RATE_HZ)

    @property
    def gaps(self):
        return [gap for batch in self.batches for gap in batch.gaps]


@pytest.fixture
def loud():
    return _loud


@pytest.fixture
def memory():
    return Memory()
