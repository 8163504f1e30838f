"""What every test may lean on: real data where there is some, one thread, no network."""

import os
import socket
from pathlib import Path

import pytest
from hypothesis import settings

CHECKOUT = Path(__file__).resolve().parents[1]

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("ONDES_CONVOLUTION", "direct")  # no probe's clock decides what tests see
os.environ["PYTHONPATH"] = os.pathsep.join(  # processes that tests start import this checkout
    filter(None, [str(CHECKOUT / "src"), os.environ.get("PYTHONPATH", "")])
)

# The same examples in every run, however busy the machine; HYPOTHESIS=explore looks for new ones.
settings.register_profile("repeat", derandomize=True, deadline=None)
settings.register_profile("explore", deadline=None, max_examples=1000)
settings.load_profile(os.environ.get("HYPOTHESIS", "repeat"))


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Return the folder of real recordings: ``$ONDES_DATA``, else beside the checkout."""
    folder = Path(os.environ.get("ONDES_DATA", CHECKOUT.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip(f"no real recordings at {folder}; name their folder in ONDES_DATA")
    return folder


@pytest.fixture(scope="session", autouse=True)
def one_thread() -> None:
    """Keep torch to one thread: figures repeat, and parallel tests do not fight for cores."""
    import torch

    torch.set_num_threads(1)


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a test talk to its own machine alone."""
    connect = socket.socket.connect

    def local_only(self: socket.socket, address: object) -> None:
        if isinstance(address, tuple) and address[0] not in ("127.0.0.1", "::1", "localhost"):
            raise PermissionError(f"a test wanted to reach {address}; tests run with no network")
        connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", local_only)
