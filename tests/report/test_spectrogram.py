import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ondes.report.spectrogram import Picture, Spectrogram

RATE_HZ = 48_000


def picture(samples: np.ndarray, *, rate_hz: float = RATE_HZ, block: int = 5000, **options):
    samples = np.atleast_2d(samples).astype(np.float32)
    spectrogram = Spectrogram(rate_hz=rate_hz, n_samples=samples.shape[1], **options)
    for start in range(0, samples.shape[1], block):
        spectrogram.push(samples[:, start : start + block])
    return spectrogram.picture()


def frequency_of(row: int, shown: Picture) -> float:
    share = 1 - (row + 0.5) / len(shown.levels)
    return shown.low_hz * (shown.high_hz / shown.low_hz) ** share


def tone(hertz: float, *, rate_hz: float = RATE_HZ, seconds: float = 1.0) -> np.ndarray:
    return np.sin(2 * np.pi * hertz * np.arange(round(seconds * rate_hz)) / rate_hz)


@pytest.mark.parametrize("hertz", [110.0, 262.0, 1000.0, 3000.0, 12_000.0])
def test_a_tone_lies_in_the_row_of_its_frequency(hertz):
    shown = picture(tone(hertz), cycles=24, most_columns=200)
    middle = shown.levels[:, shown.levels.shape[1] // 2]
    assert frequency_of(int(middle.argmax()), shown) == pytest.approx(hertz, rel=0.03)


def test_tones_of_one_strength_look_alike_at_every_frequency():
    mixed = sum(tone(hertz) for hertz in (150, 700, 3000, 11_000))
    shown = picture(mixed, cycles=24, most_columns=200)
    column = shown.levels[:, shown.levels.shape[1] // 2] * (shown.range_db / 63)
    peaks = [
        max(v for row, v in enumerate(column) if abs(frequency_of(row, shown) / f - 1) < 0.06)
        for f in (150, 700, 3000, 11_000)
    ]
    assert max(peaks) - min(peaks) < 4


def test_a_click_lies_in_the_column_of_its_time():
    samples = np.zeros(RATE_HZ)
    samples[30_000] = 1
    shown = picture(samples, most_columns=700)
    assert shown.levels[:40].sum(axis=0).argmax() == 30_000 // shown.hop


def test_a_click_shows_however_long_a_column_lasts():
    samples = np.zeros(RATE_HZ)
    samples[30_000] = 1
    shown = picture(samples, most_columns=12)
    assert shown.levels[:40].sum(axis=0).argmax() == 30_000 // shown.hop


def test_louder_by_20_db_is_brighter_by_20_db():
    samples = tone(2000)
    samples[: RATE_HZ // 2] *= 0.1
    shown = picture(samples, most_columns=200)
    quiet, loud = (shown.levels[:, round(at * shown.levels.shape[1])].max() for at in (0.25, 0.75))
    assert (int(loud) - int(quiet)) * shown.range_db / 63 == pytest.approx(20, abs=1.5)


def test_units_do_not_matter():
    samples = tone(500) + 0.01 * np.random.default_rng(0).standard_normal(RATE_HZ)
    volts, picovolts = (picture(samples * unit, most_columns=200) for unit in (1, 1e-12))
    assert np.abs(volts.levels.astype(int) - picovolts.levels).max() <= 1


def test_silence_is_black():
    assert picture(np.zeros(1000)).levels.max() == 0


def test_channels_do_not_cancel():
    one = tone(500, seconds=0.1)
    opposed = picture(np.stack([one, -one]))
    np.testing.assert_array_equal(opposed.levels, picture(one).levels)


@pytest.mark.parametrize("n", [1, 15, 17, 1000])
@pytest.mark.parametrize("rate_hz", [32.0, 1_562_500.0])
def test_any_length_and_rate_has_a_picture(n, rate_hz):
    shown = picture(np.ones(n), rate_hz=rate_hz)
    assert shown.levels.shape == (280, -(-n // shown.hop))
    assert shown.high_hz == rate_hz / 2


@settings(max_examples=8, deadline=None)
@given(block=st.integers(100, 40_000))
def test_the_picture_does_not_depend_on_the_blocks(block):
    samples = np.random.default_rng(0).standard_normal(30_000)
    whole = picture(samples, block=30_000, most_columns=300)
    parts = picture(samples, block=block, most_columns=300)
    np.testing.assert_array_equal(parts.levels, whole.levels)


def test_a_long_recording_gets_no_more_columns():
    shown = picture(np.random.default_rng(0).standard_normal(300_000), most_columns=100)
    assert shown.levels.shape == (280, 100)
    assert shown.hop == 3000
