"""What every rival must keep: learns, repeats, refuses what it cannot take, survives storage."""

import json

import numpy as np
import pytest

from ondes.data import find
from ondes.errors import (
    ArtefactError,
    ChannelError,
    InputError,
    NotFiniteError,
    RateError,
    TooShortError,
)
from ondes.tasks.classify import classical, evaluate, read


def scores_of(rival, clips):
    """Return [clip, output]: the scores of one clip after the other."""
    return np.stack([rival.scores(x) for x in clips])


OPTIONS = {
    "minirocket": {"features": 840},
    "nn-dtw": {"widest": 0.1},
    "random-forest": {"trees": 40},
}
EVERY = pytest.mark.parametrize("name", classical.names())


def fitted(name, clips, target="class", seed=0):
    return classical.fit(name, clips, seed=seed, target=target, options=OPTIONS[name])


def test_families_are_found_by_file_name():
    assert classical.names() == sorted(OPTIONS)
    for name in OPTIONS:
        assert len(classical.about(name)) > 20


@EVERY
def test_learns_classes_of_unequal_length(few, name):
    rival, test = fitted(name, few()), few(seed=1)
    scores = scores_of(rival, test.x)
    np.testing.assert_allclose(scores.sum(1), 1)
    assert (scores >= 0).all()
    assert (scores.argmax(1) == test.y.argmax(1)).mean() > 0.9
    assert rival.predict(test.x[0]) == test.labels[scores[0].argmax()]
    found = evaluate(rival, test)
    assert found["accuracy"] > 0.9
    assert found["clips"] == 36


@pytest.mark.parametrize(
    ("name", "options"),
    [*((name, {}) for name in classical.names()), ("nn-dtw", {"window": 0.05, "reduce": 2})],
)
def test_huge_values_are_values(few, name, options):
    plain, huge, test = few(), few(), few(seed=1, n=12)
    gain = np.float32(2.0**100)
    huge.x = [x * gain for x in huge.x]
    rivals = [
        classical.fit(name, clips, options={**OPTIONS[name], **options}) for clips in (plain, huge)
    ]
    found = [
        scores_of(rival, [x * by for x in test.x])
        for rival, by in zip(rivals, (1, gain), strict=True)
    ]
    np.testing.assert_allclose(found[0], found[1], atol=0.15 if name == "random-forest" else 1e-6)
    assert np.isfinite(scores_of(rivals[0], [test.x[0] * gain])).all()
    assert np.isfinite(scores_of(rivals[1], [test.x[0]])).all()


@EVERY
def test_learns_tags(few, name):
    rival, test = fitted(name, few("tags", n=90), "tags"), few("tags", seed=1)
    scores = scores_of(rival, test.x)
    assert (scores.sum(1) > 1.2).any()
    assert ((scores >= 0) & (scores <= 1)).all()
    assert ((scores > 0.5) == (test.y > 0.5)).mean() > (0.6 if name == "nn-dtw" else 0.9)
    chosen = rival.predict(test.x[0])
    assert chosen == tuple(n for n, s in zip(test.labels, scores[0], strict=True) if s >= 0.5)
    assert 0.5 < evaluate(rival, test)["roc_auc"] <= 1


@EVERY
def test_learns_numbers(few, name):
    rival, test = fitted(name, few("number"), "number"), few("number", seed=1)
    error = np.abs(scores_of(rival, test.x) - test.y)
    assert np.median(error) < 3
    assert isinstance(rival.predict(test.x[0])[0], float)
    assert evaluate(rival, test)["r2"] > 0.6


@EVERY
@pytest.mark.parametrize("target", ["class", "tags", "number"])
def test_storage_is_arrays_and_json_and_keeps_every_bit(few, name, target, tmp_path):
    clips = few(target)
    rival = fitted(name, clips, target)
    arrays, document = rival.to_arrays()
    np.savez(tmp_path / "arrays.npz", **arrays)
    with np.load(tmp_path / "arrays.npz", allow_pickle=False) as stored:
        again = classical.from_arrays(dict(stored), json.loads(json.dumps(document)))
    assert (again.name, again.spec, again.reading) == (rival.name, rival.spec, rival.reading)
    assert again.options == rival.options
    for x in clips.x[:5]:
        np.testing.assert_array_equal(again.scores(x), rival.scores(x))


@EVERY
def test_logits_read_give_scores_back(few, name):
    for target in ("class", "tags", "number"):
        clips = few(target)
        rival = fitted(name, clips, target)
        logits = np.stack([rival.logits(x, rate_hz=100.0) for x in clips.x[:4]])
        np.testing.assert_allclose(
            read(logits, rival.reading), scores_of(rival, clips.x[:4]), atol=1e-9
        )
    with pytest.raises(RateError, match="resample"):
        rival.logits(clips.x[0], rate_hz=50.0)


@EVERY
def test_the_same_seed_gives_the_same_rival(few, name):
    clips = few()
    first, again = (fitted(name, clips, seed=3) for _ in range(2))
    np.testing.assert_array_equal(scores_of(first, clips.x[:9]), scores_of(again, clips.x[:9]))


@EVERY
def test_refuses_what_it_cannot_take(few, name):
    rival = fitted(name, few())
    good = np.ones((2, 70), np.float32)
    assert np.isfinite(rival.scores(good)).all()  # of constants, too
    for x, error in (
        (good.T, ChannelError),
        (good[0], InputError),
        (good[:, :0], TooShortError),
        (good * np.nan, NotFiniteError),
        (good * np.float32(1e37), InputError),
    ):
        with pytest.raises(error):
            rival.scores(x)


@EVERY
def test_refuses_what_cannot_be_learnt(few, name):
    clips, one, broken = few(), few(), few()
    one.y[:] = [0, 1, 0]
    with pytest.raises(InputError, match="one class"):
        fitted(name, one)
    broken.x[3][0, 5] = np.inf
    with pytest.raises(NotFiniteError, match="clip 3"):
        fitted(name, broken)
    with pytest.raises(InputError, match="did you mean"):
        classical.fit(name, clips, options={next(iter(OPTIONS[name])) + "s": 1})
    with pytest.raises(InputError, match="there are minirocket, nn-dtw, random-forest"):
        classical.fit("forest", clips)


@EVERY
@pytest.mark.parametrize("target", ["class", "tags"])
def test_what_was_absent_is_never_found(few, name, target):
    clips = few(target)
    there = clips.y[:, 1] == 0
    clips.x, clips.y = [x for x, k in zip(clips.x, there, strict=True) if k], clips.y[there]
    with pytest.raises(InputError, match="middle"):
        classical.fit(name, clips, target=target)
    rival = classical.fit(name, clips, target=target, absent=True, options=OPTIONS[name])
    assert scores_of(rival, few(target, seed=1).x)[:, 1].max() < 0.3


@EVERY
@pytest.mark.parametrize("lengths", [(2, 5), (400, 500)])
def test_very_short_and_longer_clips(few, name, lengths):
    clips = few(lengths=lengths, n=12)
    rival = fitted(name, clips)
    assert np.isfinite(scores_of(rival, [*clips.x, np.zeros((2, 700), np.float32)])).all()


def test_damaged_storage_is_said(few):
    arrays, document = fitted("random-forest", few()).to_arrays()
    del arrays["below"]
    with pytest.raises(ArtefactError, match="save it again"):
        classical.from_arrays(arrays, document)
    with pytest.raises(ArtefactError):
        classical.from_arrays({}, {})


@pytest.fixture
def gun_point(shared_data):
    archive = find("archive")
    config = archive.Config(folder=str(shared_data / "tsc_archive"), name="GunPoint", parts=0)
    return [archive.build(config, split=split) for split in ("train", "test")]


def test_published_errors_of_warping(gun_point):
    # UCR archive 2018: .0933 in a full band; .0867 in the band of width 0 that is chosen
    train, test = gun_point
    full = classical.fit("nn-dtw", train, options={"window": 1.0})
    assert 1 - evaluate(full, test)["accuracy"] == pytest.approx(0.0933, abs=1e-4)
    chosen = classical.fit("nn-dtw", train)
    assert chosen.model.window == 0
    assert 1 - evaluate(chosen, test)["accuracy"] == pytest.approx(0.0867, abs=1e-4)


def test_published_accuracy_of_minirocket(gun_point):
    # Dempster et al. 2021, results of the first resample: .9933
    train, test = gun_point
    rival = classical.fit("minirocket", train)
    assert evaluate(rival, test)["accuracy"] == pytest.approx(0.9933, abs=0.007)
