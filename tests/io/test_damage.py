"""Files damaged at random: each is read or refused by an error of ours, never anything else."""

import contextlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import ondes
from ondes.errors import OndesError
from ondes.io import event_formats, event_suffix, read, read_events, write, write_events

SOUNDS = ["a.wav", "a.flac", "a.ogg", "a.mp3", "a.npy", "a.npz", "a.csv"]
EVENTS = [f"e{event_suffix(name)}" for name in event_formats()]


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    folder = tmp_path_factory.mktemp("whole")
    noise = np.random.default_rng(0).uniform(-0.3, 0.3, (2, 3000))
    notes = [(k * 1000, k * 1000 + 900, "ABC"[k % 3] + "4", k % 2, 0.5) for k in range(9)]
    for name in SOUNDS:
        write(ondes.Signal.of(noise, rate_hz=24000), folder / name)
    for name in EVENTS:
        write_events(ondes.EventList.of(notes, rate_hz=1000), folder / name, file="a.wav")
    return folder


def damaged(data: bytes, keep: float, place: float, patch: bytes, width: int) -> bytes:
    """Keep the first part, and put a patch over `width` bytes, most often near the beginning."""
    cut = data[: int(len(data) * keep) + 1]
    begin = int(len(cut) * place**4)
    return cut[:begin] + patch + cut[begin + width :]


@pytest.mark.parametrize("name", SOUNDS + EVENTS)
@settings(max_examples=40, deadline=None)
@given(
    keep=st.sampled_from([0.01, 0.2, 0.6, 1.0, 1.0, 1.0]),
    place=st.floats(0, 1),
    patch=st.binary(max_size=8),
    width=st.integers(0, 8),
    truncated=st.booleans(),
)
def test_damage_is_read_or_refused(whole, name, keep, place, patch, width, truncated):
    path = whole / f"damaged-{name}"
    path.write_bytes(damaged((whole / name).read_bytes(), keep, place, patch, width))
    with contextlib.suppress(OndesError):
        if name in EVENTS:
            read_events(path, rate_hz=1000)
        else:
            read(path, rate_hz=24000 if name == "a.npy" else None, truncated=truncated)
