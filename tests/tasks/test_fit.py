"""Fitting on validation clips, judged on other clips drawn by the same known rules."""

from dataclasses import replace

import numpy as np
import pytest

from ondes.errors import InputError
from ondes.events import EventList
from ondes.metrics import FrameCounts, note_score
from ondes.tasks.detect import Decoder, decode, fit_decoder
from ondes.tasks.detect.fit import APART, GRID, Bench, _joined
from ondes.timebase import Timebase

HOP = 16
GRID_HZ = Timebase(8000, hop=HOP)
LABELS = ("few", "many", "quiet")
FRAMES = 750


def clip(seed, *, late=0.0, blur=0.0):
    """Events, and probabilities that are late by some frames, noisy, and low for "quiet".

    With `blur`, events differ in how sure they look, and other things look like unsure ones.
    """
    rng = np.random.default_rng(seed)
    rows = []
    for label, count in zip(LABELS, (rng.random() < 0.1, 4, 3), strict=True):
        begin = np.sort(rng.choice(np.arange(2, 14), int(count), replace=False)) * 800
        begin += rng.integers(0, 300, int(count))
        rows += [(int(b), int(b + rng.integers(200, 480)), label) for b in begin]
    truth = EventList.of(rows, rate_hz=8000)
    centre = (np.arange(FRAMES) + 0.5 - late) * HOP
    logits = np.full((2, 3, FRAMES), -4.0)
    ghosts = [(int(b), int(b) + 300, "many") for b in rng.integers(0, 11000, 4 if blur else 0)]
    for onset, offset, label in [*ghosts, *(event[:3] for event in truth)]:
        row, sure = (
            LABELS.index(label),
            rng.normal(0, blur) - blur * ((onset, offset, label) in ghosts),
        )
        level = sure + (-0.5 if label == "quiet" else 3.0)
        logits[0, row, (onset <= centre) & (centre < offset)] = level
        near = np.maximum(0, 1 - np.abs(centre - onset) / (2 * HOP))
        logits[1, row] = np.maximum(logits[1, row], -4 + (8 + sure) * near)
    logits += rng.normal(0, 0.5, logits.shape)
    return (1 / (1 + np.exp(-logits))).astype(np.float32), truth


def clips(seeds, **options):
    return list(zip(*(clip(seed, **options) for seed in seeds), strict=True))


def f1(decoder, probs, truths):
    found = [decode(p, GRID_HZ, LABELS, decoder) for p in probs]
    scores = [note_score(t, f) for t, f in zip(truths, found, strict=True)]
    return 2 * sum(s.matched for s in scores) / sum(s.truth + s.found for s in scores)


@pytest.fixture(scope="module")
def fitted():
    return fit_decoder(*clips(range(24)), GRID_HZ, LABELS)


def test_a_fitted_decoder_finds_more_in_other_clips(fitted):
    test = clips(range(100, 130))
    assert f1(Decoder(), *test) < 0.9
    assert f1(fitted, *test) > 0.97


def test_thresholds_follow_the_classes(fitted):
    _, many, quiet = fitted.frame
    assert quiet < 0.75 * many


def test_a_class_with_few_events_takes_the_common_threshold():
    probs, truths = clips(range(20))
    bench = Bench(_joined(probs, truths, GRID_HZ), LABELS, "both", 0.05)
    kept = bench.with_frame_thresholds(Decoder()).frame[0]
    few = [t.filter(label=("many", "quiet")) for t in truths]
    none = Bench(_joined(probs, few, GRID_HZ), LABELS, "both", 0.05)
    common = none.with_frame_thresholds(Decoder())
    assert abs(kept - common.high[0]) < 0.25


def test_scores_are_probabilities_of_being_right(fitted):
    noisy = fit_decoder(*clips(range(30), blur=1.0), GRID_HZ, LABELS)
    probs, truths = clips(range(100, 140), blur=1.0)
    rows = []
    for p, truth in zip(probs, truths, strict=True):
        found = decode(p, GRID_HZ, LABELS, replace(noisy, min_score=0.0))
        right = np.isin(np.arange(len(found)), truth.compare(found).pairs[:, 1])
        rows += zip(found.score, right, strict=True)
    score, right = np.array(rows, float).T
    assert len(score) > 300
    for low, high in ((0.0, 0.5), (0.5, 0.9), (0.9, 1.0)):
        some = (score >= low) & (score <= high)
        assert abs(score[some].mean() - right[some].mean()) < 0.12


@pytest.mark.parametrize("late", [-1.25, 0.75])
def test_a_constant_delay_is_taken_out(late):
    decoder = fit_decoder(*clips(range(8), late=late), GRID_HZ, LABELS)
    assert decoder.onset_shift == pytest.approx(-late, abs=0.25)


def test_the_search_counts_what_the_metrics_count():
    probs, truths = clips(range(12))
    bench = Bench(_joined(probs, truths, GRID_HZ), LABELS, "both", 0.05)
    decoder = Decoder(high=(0.3,), median=3)
    tally = bench.tally(decoder)
    found = [decode(p, GRID_HZ, LABELS, decoder) for p in probs]
    expected = np.sum([note_score(t, f) for t, f in zip(truths, found, strict=True)], axis=0)
    assert tally.events.sum(axis=1).tolist() == [expected[0], expected[2], expected[1]]
    counts = np.zeros(4, int)
    for t, f in zip(truths, found, strict=True):
        true, said = (e.to_frames(GRID_HZ, LABELS, FRAMES) for e in (t, f))
        counts += (true & said).sum(), (~true & said).sum(), (true & ~said).sum(), 0
    right, said, true = tally.frames.sum(axis=1)
    assert 2 * right / (said + true) == pytest.approx(FrameCounts(*counts.tolist()).f1, abs=0.01)


def test_clips_lie_further_apart_than_any_decoder_looks():
    widest = Decoder(
        **{name: max(values) for name, values in GRID.items() if name not in ("high",)},
        onset_shift=-8.0,
        offset_shift=8.0,
    )
    assert widest.halo + widest.gap_frames < APART


@pytest.mark.parametrize("objective", ["event", "frame"])
def test_a_network_of_one_head_can_be_fitted(objective):
    probs, truths = clips(range(10))
    decoder = fit_decoder([p[:1] for p in probs], truths, GRID_HZ, LABELS, objective=objective)
    assert decoder.onset == Decoder().onset
    assert len(decoder.frame) == 3


def test_what_cannot_be_fitted_is_refused():
    probs, truths = clips(range(2))
    with pytest.raises(InputError, match="one truth for each"):
        fit_decoder(probs, truths[:1], GRID_HZ, LABELS)
    with pytest.raises(InputError, match="0 events"):
        fit_decoder(probs[:1], [EventList.empty(8000)], GRID_HZ, LABELS)
    with pytest.raises(InputError, match="objective='notes'"):
        fit_decoder(probs, truths, GRID_HZ, LABELS, objective="notes")
    with pytest.raises(InputError, match="did you mean 'manny'"):
        fit_decoder(probs, truths, GRID_HZ, ("few", "manny", "quiet"))


def test_a_network_that_learnt_nothing_gets_a_decoder_too():
    """All probabilities lie far below the lowest level that the search tries."""
    timebase, labels = Timebase(1000.0, 10), ("a", "b")
    rng = np.random.default_rng(0)
    probs = [rng.uniform(0, 0.005, (1, 2, 100)).astype(np.float32) for _ in range(4)]
    truths = [EventList.of([(100, 300, "a"), (500, 700, "b")], rate_hz=1000) for _ in range(4)]
    assert fit_decoder(probs, truths, timebase, labels).high
