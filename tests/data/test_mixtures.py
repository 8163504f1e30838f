"""Mixtures against what was put into them: hand-made sounds whose sum is known."""

import itertools
from concurrent.futures import ProcessPoolExecutor

import numpy as np
import pytest

from ondes.data.banks import Bank, Sound
from ondes.data.mixtures import Mixing, Mixtures, add
from ondes.errors import InputError
from ondes.events import Event
from ondes.ops.augment import Config
from ondes.testing import check_dataset

RATE = 8000
LABELS = ("a", "b", "c")


def steady(label: str, release_db_per_s: float = 100.0, level: float = 1.0) -> Sound:
    samples = np.full(RATE, level, np.float32)
    return Sound(samples=samples, label=label, audible=RATE, release_db_per_s=release_db_per_s)


def bank(**options: float) -> Bank:
    return Bank(tuple(steady(label, **options) for label in LABELS), RATE)


def mixtures(seed: int = 0, **options: object) -> Mixtures:
    settings = {"n_samples": RATE, "fewest": 1, "most": 4, "longest_s": 0.5, "augmented": False}
    return Mixtures(bank(), Mixing(**{**settings, **options}), seed=seed, length=50)


def test_a_mixture_is_the_sum_of_its_events() -> None:
    data = Mixtures(
        bank(release_db_per_s=np.inf),
        Mixing(n_samples=2 * RATE, fewest=1, most=5, augmented=False),
        seed=3,
        length=20,
    )
    for x, events in (data[i] for i in range(20)):
        expected = np.zeros(2 * RATE)
        for event in events:
            expected[event.onset : event.offset] += 1
        np.testing.assert_allclose(x[0], expected, atol=1e-6)


def test_after_its_offset_a_sound_dies_at_its_release_rate() -> None:
    x = np.zeros(RATE, np.float32)
    add(x, steady("a", release_db_per_s=100.0), Event(1000, 3000, "a"), RATE)
    assert (x[:1000] == 0).all()
    assert (x[1000:3000] == 1).all()
    after = 20 * np.log10(x[3000 + RATE // 10 - 1])  # a tenth of a second later
    assert after == pytest.approx(-10, abs=1e-3)


def test_a_sound_without_release_ends_at_its_offset() -> None:
    x = np.zeros(RATE, np.float32)
    add(x, steady("a", release_db_per_s=np.inf), Event(0, 3000, "a"), RATE)
    assert x[2999] == 1
    assert (x[3000:] == 0).all()


def test_an_undamped_sound_rings_on_until_it_is_over() -> None:
    sound = Sound(samples=np.ones(RATE, np.float32), label="a", audible=5000, release_db_per_s=0)
    data = Mixtures(
        Bank((sound,), RATE),
        Mixing(n_samples=4 * RATE, fewest=1, most=1, longest_s=0.2, augmented=False),
        seed=0,
        length=20,
    )
    for x, events in (data[i] for i in range(20)):
        (event,) = events
        assert event.offset == min(event.onset + 5000, 4 * RATE)
        assert x[0].sum() == min(RATE, 4 * RATE - event.onset)


def test_a_clip_depends_on_seed_and_index_alone() -> None:
    once, again = mixtures(), mixtures()
    backwards = [again[i] for i in reversed(range(10))][::-1]
    for i, other in zip(range(10), backwards, strict=True):
        np.testing.assert_array_equal(once[i].x, other.x)
        assert once[i].events == other.events
    assert not np.array_equal(mixtures(seed=1)[0].x, once[0].x)


def clip(index: int) -> bytes:
    return mixtures(augmented=True)[index].x.tobytes()


def test_workers_draw_what_one_process_draws() -> None:
    with ProcessPoolExecutor(2) as pool:
        assert list(pool.map(clip, range(6))) == list(map(clip, range(6)))


def test_events_of_one_label_never_overlap() -> None:
    data = mixtures(fewest=8, most=8)
    for i in range(50):
        for a, b in itertools.combinations(data[i].events, 2):
            assert a.label != b.label or a.offset <= b.onset or b.offset <= a.onset


def test_numbers_and_lengths_lie_where_they_should() -> None:
    data = mixtures(fewest=2, most=3, shortest_s=0.1, longest_s=0.2)
    for i in range(50):
        events = data[i].events
        assert len(events) <= 3
        inside = events.offset < RATE
        lengths = (events.offset - events.onset)[inside] / RATE
        assert ((lengths >= 0.1 - 1e-3) & (lengths <= 0.2 + 1e-3)).all()


def test_a_transposed_tone_has_the_pitch_of_its_label() -> None:
    time = np.arange(2 * RATE) / RATE
    sounds = tuple(
        Sound(
            samples=np.sin(2 * np.pi * 440 * 2 ** (k / 12) * time).astype(np.float32),
            label=label,
            audible=time.size,
        )
        for k, label in enumerate(LABELS)
    )
    mixing = Mixing(
        n_samples=RATE, fewest=1, most=1, transpose=1.0, semitones=2, cents=0.0, augmented=False
    )
    data = Mixtures(Bank(sounds, RATE), mixing, seed=0, length=30)
    for i in range(30):
        x, events = data[i]
        (event,) = events
        piece = x[0, event.onset : event.offset]
        if piece.size < RATE // 4:
            continue
        spectrum = np.abs(np.fft.rfft(piece * np.hanning(piece.size), 16 * RATE))
        expected = 440 * 2 ** (LABELS.index(event.label) / 12)
        assert spectrum.argmax() / 16 == pytest.approx(expected, abs=3)


def test_a_background_is_heard_at_its_gain() -> None:
    silent = Bank((steady("a", level=0.0),), RATE)
    mixing = Mixing(n_samples=RATE, background_db=(-20.0, -20.0), augmented=False)
    room = np.ones(3 * RATE, np.float32)
    x = Mixtures(silent, mixing, seed=0, length=1, backgrounds=[room])[0].x
    np.testing.assert_allclose(x, 0.1, rtol=1e-6)


@pytest.mark.parametrize("ratio_db", [-6.0, 0.0, 6.0])
def test_events_lie_so_many_decibels_over_the_background(ratio_db: float) -> None:
    loudnesses = Bank(tuple(steady(k, np.inf, 10.0**-n) for n, k in enumerate(LABELS)), RATE)
    mixing = Mixing(
        n_samples=2 * RATE,
        fewest=1,
        most=1,
        background_db=(-30.0, 10.0),
        over_background_db=(ratio_db, ratio_db),
        augmented=False,
    )
    room = np.random.default_rng(0).choice([-1, 1], 5 * RATE).astype(np.float32)
    data = Mixtures(loudnesses, mixing, seed=0, length=20, backgrounds=[room])
    for x, events in (data[i] for i in range(20)):
        (event,) = events
        outside = np.concatenate([x[0, : event.onset], x[0, event.offset :]])
        inside = x[0, event.onset : event.offset]
        background = np.abs(outside).mean()  # a square wave, whose RMS this is
        lifted = (inside.max() + inside.min()) / 2
        assert 20 * np.log10(lifted / background) == pytest.approx(ratio_db, abs=1e-3)


def test_where_there_is_no_background_events_stay_as_recorded() -> None:
    x, events = mixtures(over_background_db=(5.0, 5.0), most=1)[0]
    assert x[0, events.onset[0]] == 1


def test_sounds_without_pitch_are_played_faster_and_slower_under_their_own_label() -> None:
    sounds = tuple(
        Sound(samples=np.full(RATE // (k + 1), k + 1, np.float32), label=label, audible=RATE)
        for k, label in enumerate(LABELS)
    )
    mixing = Mixing(
        n_samples=3 * RATE,
        fewest=1,
        most=1,
        transpose=1.0,
        semitones=0,
        cents=300.0,
        augmented=False,
    )
    data, speeds = Mixtures(Bank(sounds, RATE), mixing, seed=0, length=200), []
    for x, events in (data[i] for i in range(200)):
        (event,) = events
        k = LABELS.index(event.label)
        assert x[0, event.onset] == k + 1
        if event.offset < 3 * RATE:
            speeds.append(RATE / (k + 1) / (event.offset - event.onset))
    assert 2**-0.25 - 1e-3 < min(speeds) < 0.9
    assert 1.1 < max(speeds) < 2**0.25 + 1e-3


def test_what_cannot_be_mixed_is_refused() -> None:
    with pytest.raises(InputError, match="fewest <= most"):
        Mixing(fewest=3, most=2)
    with pytest.raises(InputError, match="shortest_s <= longest_s"):
        Mixing(shortest_s=2.0, longest_s=1.0)
    with pytest.raises(InputError, match="shorter than a clip"):
        Mixtures(bank(), Mixing(), seed=0, length=1, backgrounds=[np.zeros(10, np.float32)])
    with pytest.raises(InputError, match="no sound of the labels"):
        Mixtures(bank(), Mixing(), seed=0, length=1, labels=["z"])


def test_it_is_a_data_set() -> None:
    check_dataset(mixtures(augmented=True, augmentation=Config(p_reverb=1.0)))
