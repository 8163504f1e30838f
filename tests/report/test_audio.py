import io

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

from ondes.ops.resample import Resampler
from ondes.report import audio
from ondes.report.source import Source
from ondes.signal import Signal


def heard(samples: np.ndarray, *, rate_hz: float, unit: str = "") -> audio.Sound | str:
    signal = Signal.of(samples, rate_hz=rate_hz, unit=unit)
    return audio.encode(Source.of(signal), peak=float(np.abs(signal.samples).max()))


def decoded(sound: audio.Sound | str) -> np.ndarray:
    assert isinstance(sound, audio.Sound), sound
    samples, rate_hz = soundfile.read(io.BytesIO(sound.data), always_2d=True)
    assert rate_hz == sound.rate_hz
    return samples.T


def tone(hertz: float, rate_hz: float, seconds: float) -> np.ndarray:
    return 0.5 * np.sin(2 * np.pi * hertz * np.arange(round(rate_hz * seconds)) / rate_hz)


def pitch(samples: np.ndarray, rate_hz: float) -> float:
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(samples.size)))
    return float(spectrum.argmax() * rate_hz / samples.size)


def test_two_channels_stay_two_and_three_become_one():
    stereo = np.stack([tone(440, 8000, 0.5), tone(660, 8000, 0.5)])
    np.testing.assert_allclose(decoded(heard(stereo, rate_hz=8000)), stereo, atol=2**-15)
    three = np.concatenate([stereo, stereo[:1]])
    sound = heard(three, rate_hz=8000)
    np.testing.assert_allclose(decoded(sound), three.mean(axis=0, keepdims=True), atol=2**-15)
    assert "3 channels mixed to one" in sound.note
    assert not sound.exact


def test_a_studio_rate_is_resampled_and_said():
    sound = heard(tone(1000, 96_000, 0.5), rate_hz=96_000)
    assert sound.rate_hz == 48_000
    assert sound.slowdown == 1
    assert "resampled from 96 kHz" in sound.note
    assert pitch(decoded(sound)[0], 48_000) == pytest.approx(1000, abs=2)


def test_ultrasound_is_played_slower_and_said():
    sound = heard(tone(150_000, 1_562_500, 0.02), rate_hz=1_562_500)
    assert sound.slowdown == pytest.approx(32.55, abs=0.01)
    assert "32.6 times slower" in sound.note
    assert pitch(decoded(sound)[0], sound.rate_hz) == pytest.approx(150_000 / 32.55, rel=0.01)


def test_a_heartbeat_is_played_faster_and_said():
    sound = heard(tone(5, 250, 20), rate_hz=250, unit="mV")
    assert sound.slowdown == 250 / 8000
    assert "32 times faster" in sound.note
    assert pitch(decoded(sound)[0], 8000) == pytest.approx(160, rel=0.02)


@pytest.mark.parametrize(
    ("peak", "unit", "expected"), [(0.5, "", 0.5), (5, "", 0.9), (0.5, "V", 0.9), (1e-3, "", 0.9)]
)
def test_only_what_is_no_audio_is_brought_to_full_scale(peak, unit, expected):
    sound = heard(2 * peak * tone(440, 8000, 0.5), rate_hz=8000, unit=unit)
    assert np.abs(decoded(sound)).max() == pytest.approx(expected, rel=0.01)
    assert ("brought to full scale" in sound.note) == (expected != peak)


def test_silence_is_silent():
    assert not decoded(heard(np.zeros(800), rate_hz=8000)).any()


def test_a_rate_without_a_manageable_ratio_is_still_heard():
    sound = heard(tone(440, 44_100, 0.3), rate_hz=44_100.0371)
    assert sound.slowdown == pytest.approx(1, abs=1e-5)
    assert decoded(sound).shape[1] / sound.rate_hz / sound.slowdown == pytest.approx(0.3, abs=1e-3)


def test_what_outgrows_its_budget_takes_the_next_form(monkeypatch):
    noise = np.random.default_rng(0).uniform(-0.5, 0.5, 80_000)
    assert heard(noise, rate_hz=8000).mime == "audio/flac"
    tight = [form._replace(bytes=60_000) for form in audio._FORMS]
    monkeypatch.setattr(audio, "_FORMS", tight)
    sound = heard(noise, rate_hz=8000)
    assert sound.mime == "audio/ogg"
    assert len(sound.data) <= 60_000
    assert decoded(sound).shape[1] == 80_000
    monkeypatch.setattr(audio, "_FORMS", [form._replace(bytes=1000) for form in audio._FORMS])
    assert "too much for one page" in heard(noise, rate_hz=8000)


def test_budgets_keep_an_hour_within_thirty_megabytes():
    base64_bytes = max(form.bytes for form in audio._FORMS) * 4 / 3
    picture_bytes = 280 * 8192 * 4 / 3  # incompressible at worst
    assert base64_bytes + picture_bytes < 26e6


@settings(max_examples=10, deadline=None)
@given(block=st.integers(200, 9000), n=st.integers(1, 12_000))
def test_resampled_block_by_block_is_resampled_at_once(block, n):
    samples = np.random.default_rng(n).standard_normal((2, n)).astype(np.float32)
    resampler = Resampler(96_000, 48_000)
    blocks = (samples[:, at : at + block] for at in range(0, n, block))
    parts = list(audio._resampled(blocks, resampler, n))
    whole = resampler(samples)
    joined = np.concatenate(parts, axis=1) if parts else whole[:, :0]
    np.testing.assert_array_equal(joined, whole)
