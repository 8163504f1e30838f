"""Raw and NPY files, which do not say their rate, as own sounds and recordings at 1.5625 MHz."""

from pathlib import Path

import numpy as np
import pytest

from ondes.data.emission.burst import Pool, Setup
from ondes.data.files import Files
from ondes.data.mixtures import Mixing
from ondes.data.sets import bursts, recordings, sounds
from ondes.errors import InputError, RateError
from ondes.events import EventList
from ondes.io import write, write_events
from ondes.signal import Signal
from ondes.testing import check_dataset

RATE = 1_562_500
FILES = Files(rate_hz=RATE, dtype="float32")


@pytest.fixture(params=[".npy", ".bin"])
def isolated(tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    """Five bursts of each type, and .2 s of background."""
    pool = Pool(Setup(), rate_hz=RATE, seed=0, size=10)
    for number in range(10):
        burst = pool[number]
        (tmp_path / "bursts" / burst.label).mkdir(parents=True, exist_ok=True)
        piece = Signal.of(burst.samples[burst.onset : burst.offset], rate_hz=RATE)
        write(piece, tmp_path / "bursts" / burst.label / f"{number}{request.param}")
    noise = np.random.default_rng(0).normal(0, 0.01, 300_000)
    write(Signal.of(noise, rate_hz=RATE), tmp_path / "background.bin")
    return tmp_path


@pytest.mark.parametrize("split", list(sounds.CLIPS))
def test_isolated_bursts_and_a_background(isolated: Path, split: str) -> None:
    config = sounds.Config(
        folder=str(isolated / "bursts"),
        background=str(isolated / "background.bin"),
        rate_hz=RATE,
        files=FILES,
        mixing=Mixing(
            n_samples=16_384, fewest=1, most=1, over_background_db=(20.0, 20.0), augmented=False
        ),
    )
    data = sounds.build(config, split=split, seed=0)
    assert (data.rate_hz, set(data.labels)) == (RATE, set(bursts.LABELS))
    check_dataset(data)
    x, events = data[0]
    assert x.shape == (1, 16_384)
    for event in events:
        if event.offset < 16_384:
            heard = x[0, event.onset : event.offset].astype(float)
            assert 20 * np.log10(heard.std() / 0.01) == pytest.approx(20, abs=1)
            assert event.offset - event.onset < 600


@pytest.mark.parametrize("suffix", [".npy", ".raw", ".h5"])
@pytest.mark.parametrize("split", list(recordings.PLACES))
def test_recordings_with_lists_beside_them(tmp_path: Path, suffix: str, split: str) -> None:
    blocks = bursts.recording(seconds=0.2, block=62_500)
    for number, block in enumerate(blocks):
        write(Signal.of(block.x, rate_hz=RATE), tmp_path / f"{number}{suffix}")
        events = block.events.shift(-block.start).crop(0, 62_500)
        write_events(events, tmp_path / f"{number}.csv", file=f"{number}{suffix}")
    config = recordings.Config(
        folder=str(tmp_path), n_samples=16_384, files=FILES, labels=bursts.LABELS
    )
    data = recordings.build(config, split=split)
    assert data.rate_hz == RATE
    check_dataset(data)


def test_hits_beside_waveforms_are_their_list(tmp_path: Path) -> None:
    events = EventList.of([(100, 200, "fracture"), (300, 340, "hit")], rate_hz=RATE)
    write(Signal.of(np.ones(1000), rate_hz=RATE), tmp_path / "a.npy")
    write_events(events, tmp_path / "a.pridb")
    config = recordings.Config(folder=str(tmp_path), files=Files(rate_hz=RATE))
    (example,) = recordings.build(config, split="all")
    assert example.events == events


def test_what_is_not_said_is_asked_for_and_what_is_said_is_checked(isolated: Path) -> None:
    folder = str(isolated / "bursts")
    with pytest.raises(InputError, match="holds no file that ends with one of"):
        sounds.build(sounds.Config(folder=folder), split="test", seed=0)
    write(Signal.of(np.ones(9), rate_hz=8000), isolated / "bursts" / "fracture" / "x.wav")
    with pytest.raises(RateError, match="at 8000 Hz"):
        sounds.build(sounds.Config(folder=folder, files=FILES), split="test", seed=0)
