"""Synthetic voices: the same word for the same seed, and pace and pitch that are what they say."""

import re
import sys
from pathlib import Path

import numpy as np
import pytest

from ondes.data import voices
from ondes.data.clips import Clips, joined, one_hot
from ondes.data.sets import digits
from ondes.data.voices import Manner, said, spoken
from ondes.errors import InputError, MissingExtraError
from ondes.signal import Signal

pytest.importorskip("espeakng_loader", reason="needs ondes[voices]")


def test_words_come_in_turn_each_by_a_voice_of_its_own() -> None:
    several = spoken(["one", "two"], 7)
    assert [manner.word for manner, _ in several] == ["one", "two"] * 3 + ["one"]
    assert len({manner.voice for manner, _ in several}) > 4
    for _, signal in several:
        assert signal.rate_hz == 22_050
        assert 0.05 < signal.duration_s < 2
        assert 0.02 < np.abs(signal.samples).max() <= 1


def test_what_is_said_follows_from_the_seed_whatever_was_said_before() -> None:
    first = spoken(["six"], 4, seed=3)
    spoken(["a long sentence that leaves the program in another state"], 3)
    again = spoken(["six"], 4, seed=3)
    for (manner, one), (same, other) in zip(first, again, strict=True):
        assert manner == same
        assert np.array_equal(one.samples, other.samples)
    assert [manner for manner, _ in spoken(["six"], 4, seed=4)] != [manner for manner, _ in first]


def test_a_word_is_cut_to_what_is_heard() -> None:
    ((_, signal),) = spoken(["zero"], 1)
    loud = np.flatnonzero(np.abs(signal.samples[0]) > voices.AUDIBLE)
    margin = round(voices.MARGIN_S * signal.rate_hz)
    assert loud[0] <= margin
    assert signal.n_samples - loud[-1] <= margin


def test_pace_and_pitch_are_what_they_say() -> None:
    slow, fast = said([Manner("seven", "en-us", pace, 50, 50) for pace in (120, 240)])
    assert fast.signal.duration_s < 0.7 * slow.signal.duration_s
    low, high = said([Manner("nine", "en-us", 120, pitch, 0) for pitch in (20, 80)])
    assert _fundamental(high.signal) > 1.3 * _fundamental(low.signal)


def _fundamental(signal: Signal) -> float:
    """Pitch, in Hz, of the loudest tenth of a second, by its cepstrum."""
    x, rate_hz = signal.samples[0], int(signal.rate_hz)
    n = rate_hz // 10
    start = int(np.argmax(np.convolve(x**2, np.ones(n), "valid")))
    power = np.abs(np.fft.rfft(x[start : start + n] * np.hanning(n), 4 * n)) ** 2
    shortest, longest = rate_hz // 300, rate_hz // 50
    cepstrum = np.fft.irfft(np.log(power + 1e-9))[shortest:longest]
    return rate_hz / (shortest + int(np.argmax(cepstrum)))


def test_nothing_to_say_is_nothing_said() -> None:
    assert said([]) == []


@pytest.mark.parametrize("words", [[], "one", ["one\0two"], ["\ud800"], [" "]])
def test_what_cannot_be_spoken_is_refused(words: list[str]) -> None:
    with pytest.raises(InputError, match=r"give (a list of one word|words)"):
        spoken(words, 1)


@pytest.mark.parametrize("voice", ["nobody", "en-us+nobody"])
def test_a_voice_that_is_not_there_is_named(voice: str) -> None:
    with pytest.raises(InputError, match=rf"there is no voice {re.escape(voice)}"):
        said([Manner("one", voice, 150, 50, 50)])


def test_without_the_package_its_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "espeakng_loader", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'ondes\[voices\]'"):
        voices._package()


def test_digits_by_voices_are_learnt_from_alone(shared_data: Path) -> None:
    folder = str(shared_data / "digits")
    plain, more = (digits.Config(folder=folder, valid="within", voices=n) for n in (0, 30))
    train, own = (digits.build(config, split="train") for config in (more, plain))
    assert len(train) == len(own) + 30
    assert train.rate_hz == 8000
    assert (train.y[len(own) :].sum(0) == 3).all()
    assert not set(train.groups[len(own) :]) & set(own.groups)
    for split in ("valid", "test", "all"):
        assert digits.build(more, split=split).names == digits.build(plain, split=split).names


def test_a_negative_number_of_voices_is_refused() -> None:
    with pytest.raises(InputError, match="voices=-1"):
        digits.Config(voices=-1)


def test_sets_are_joined_only_where_they_are_alike() -> None:
    first = Clips([[0.0, 1.0]], one_hot(["a"], ["a", "b"]), labels=["a", "b"], rate_hz=8)
    second = Clips([[2.0, 3.0, 4.0]], one_hot(["b"], ["a", "b"]), labels=["a", "b"], rate_hz=8)
    both = joined(first, second)
    assert [len(x[0]) for x in both.arrays] == [2, 3]
    assert both.classes == ["a", "b"]
    other = Clips([[0.0, 1.0]], one_hot(["a"], ["a", "b"]), labels=["a", "b"], rate_hz=9)
    with pytest.raises(InputError, match="the same labels at the same rate"):
        joined(first, other)
