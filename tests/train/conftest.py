"""The stand-in task, imported from its file: it is a script for other processes as well."""

import importlib.util
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def standin():
    path = Path(__file__).with_name("standin.py")
    spec = importlib.util.spec_from_file_location("standin", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
