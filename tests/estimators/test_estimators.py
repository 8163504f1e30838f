"""The three estimators on signals: what scikit-learn's own checks do not ask."""

import numpy as np
import pytest
import soundfile
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV, GroupKFold, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

import ondes
from ondes import Signal, SignalClassifier, SignalRegressor, SignalTagger
from ondes.errors import ChannelError, InputError, NotFiniteError, RateError

RATE_HZ = 500
TINY = {"options": {"blocks": 1, "filters": 4, "dropout": 0.0}, "rate_hz": RATE_HZ, "epochs": 2}
FOREST = {"options": {"trees": 3}, "rate_hz": RATE_HZ}
QUICK = {"train": {"device": "cpu"}}


def waves(n=16, *, channels=1, unequal=True):
    """Return slow and fast sines [channel, time] in turn."""
    rng = np.random.default_rng(0)
    found = []
    for k in range(n):
        length = 60 + 5 * (k % 5) if unequal else 60
        x = np.sin(np.arange(length) * (0.9 if k % 2 else 0.2) + rng.uniform(0, 6))
        found.append(np.tile(x, (channels, 1)) + 0.1 * rng.normal(size=(channels, length)))
    return [x.astype(np.float32) for x in found]


LABELS = ["slow", "fast"] * 8


@pytest.fixture(scope="module")
def net():
    return SignalClassifier("sample-cnn", members=2, **TINY, **QUICK).fit(waves(), LABELS)


@pytest.mark.parametrize("family", ["random-forest", "minirocket", "nn-dtw"])
def test_a_rival_has_the_same_interface(family, tmp_path):
    rival = SignalClassifier(family, rate_hz=RATE_HZ).fit(waves(), LABELS)
    assert rival.score(waves(), LABELS) == 1.0
    assert rival.classes_.tolist() == ["fast", "slow"]
    rival.save(tmp_path)
    loaded = ondes.load(tmp_path)
    assert np.array_equal(
        loaded.predict_proba(waves(), rate_hz=RATE_HZ), rival.predict_proba(waves())
    )


def test_a_rival_refuses_what_is_for_networks():
    with pytest.raises(InputError, match="members=2 with model='minirocket'"):
        SignalClassifier("minirocket", members=2).fit(waves(), LABELS)
    with pytest.raises(InputError, match="did you mean 'trees'"):
        SignalClassifier("random-forest", options={"tree": 3}).fit(waves(), LABELS)


def test_what_is_saved_answers_for_files_what_arrays_got(net, tmp_path):
    net.save(tmp_path / "model")
    model = ondes.load(tmp_path / "model")
    assert model.card.model["members"] == 2
    for k, (x, expected) in enumerate(zip(waves(), net.predict_proba(waves()), strict=True)):
        path = tmp_path / f"{k}.wav"
        soundfile.write(path, x.T, RATE_HZ, subtype="FLOAT")
        assert np.array_equal(model.classify(path).scores, expected)
        blocks = iter(np.array_split(x, 3, axis=1))
        assert np.array_equal(model.classify(blocks, rate_hz=RATE_HZ).scores, expected)


def test_unequal_lengths_are_no_matter_of_company(net):
    alone = np.concatenate([net.predict_proba([x]) for x in waves()])
    assert np.array_equal(net.predict_proba(waves()), alone)


def test_signals_and_files_are_clips_as_well(tmp_path):
    given = [Signal.of(x, rate_hz=RATE_HZ) for x in waves()]
    for k, x in enumerate(waves()):
        soundfile.write(tmp_path / f"{k:02}.wav", x.T, RATE_HZ, subtype="FLOAT")
    files = sorted(tmp_path.glob("*.wav"))
    found = [
        SignalClassifier("random-forest", **FOREST).fit(some, LABELS).predict_proba(waves())
        for some in (waves(), given, files)
    ]
    assert np.array_equal(found[0], found[1])
    assert np.array_equal(found[0], found[2])


def test_the_same_seed_gives_the_same_net():
    fitted = [SignalClassifier("sample-cnn", **TINY, **QUICK).fit(waves(), LABELS) for _ in "ab"]
    assert np.array_equal(*(one.predict_proba(waves()) for one in fitted))


def test_a_clone_knows_nothing_but_settings(net):
    other = clone(net)
    assert other.get_params() == net.get_params()
    assert not hasattr(other, "model_")


def test_it_sits_in_a_pipeline():
    x = np.stack(waves(unequal=False))
    louder = FunctionTransformer(lambda batch: 3 * batch)
    whole = make_pipeline(louder, SignalClassifier("random-forest", **FOREST)).fit(x, LABELS)
    assert whole.score(x, LABELS) == 1.0


def test_cross_validation_by_groups():
    x, groups = np.stack(waves(unequal=False)), np.arange(16) // 4
    estimator = SignalClassifier("random-forest", **FOREST)
    scores = cross_val_score(estimator, x, LABELS, cv=GroupKFold(4), groups=groups)
    assert scores.shape == (4,)
    assert scores.min() == 1.0


def test_a_grid_search_over_networks_and_rivals():
    x, groups = np.stack(waves(unequal=False)), np.arange(16) // 8
    grid = [
        {"model": ["sample-cnn"], "options": [TINY["options"]], "epochs": [1]},
        {"model": ["random-forest"], "options": [{"trees": 3}]},
    ]
    search = GridSearchCV(SignalClassifier(rate_hz=RATE_HZ), grid, cv=GroupKFold(2))
    search.fit(x, LABELS, groups=groups)
    assert search.best_score_ == 1.0


def test_groups_are_kept_together_in_validation():
    groups = [k // 2 for k in range(16)]
    net = SignalClassifier("sample-cnn", **TINY, **QUICK).fit(waves(), LABELS, groups=groups)
    assert set(net.predict(waves())) <= {"slow", "fast"}
    with pytest.raises(InputError):
        SignalClassifier("sample-cnn", **TINY, **QUICK).fit(waves(), LABELS, groups=[0] * 16)


def test_labels_keep_their_type():
    y = np.array([3, 7] * 8)
    found = SignalClassifier("random-forest", **FOREST).fit(waves(), y).predict(waves())
    assert found.dtype == y.dtype
    assert found.tolist() == y.tolist()


@pytest.mark.parametrize("model", ["sample-cnn", "random-forest"])
def test_a_tagger(model, tmp_path):
    settings = {**TINY, **QUICK} if model == "sample-cnn" else FOREST
    tags = [["slow"] if k % 2 == 0 else ["fast", "bright"][: 1 + k % 3] for k in range(16)]
    tagger = SignalTagger(model, **settings).fit(waves(), tags)
    assert tagger.classes_.tolist() == ["bright", "fast", "slow"]
    assert tagger.predict(waves()).shape == tagger.predict_proba(waves()).shape == (16, 3)
    assert 0 <= tagger.score(waves(), tags) <= 1
    tagger.save(tmp_path)
    found = ondes.load(tmp_path).predict(waves(), rate_hz=RATE_HZ)
    assert np.array_equal(found, tagger.predict(waves()) == 1)


@pytest.mark.parametrize("model", ["sample-cnn", "minirocket"])
def test_a_regressor(model, tmp_path):
    settings = {**TINY, **QUICK} if model == "sample-cnn" else {"rate_hz": RATE_HZ}
    y = np.array([100.0, 200.0] * 8)
    fitted = SignalRegressor(model, **settings).fit(waves(), y)
    assert fitted.predict(waves()).shape == (16,)
    both = SignalRegressor(model, **settings).fit(waves(), np.stack([y, -y], axis=1))
    assert both.predict(waves()).shape == (16, 2)
    both.save(tmp_path)
    found = ondes.load(tmp_path).predict(waves(), rate_hz=RATE_HZ)
    assert np.array_equal(found, both.predict(waves()))
    if model == "minirocket":
        assert fitted.score(waves(), y) > 0.9


def nan(x):
    return [*x[:-1], np.full_like(x[-1], np.nan)]


@pytest.mark.parametrize("model", ["sample-cnn", "random-forest"])
@pytest.mark.parametrize(
    ("x", "y", "error", "said"),
    [
        ([x.T for x in waves()], LABELS, ChannelError, "swap the axes|x.T"),
        (waves(), ["slow"] * 16, InputError, "one class"),
        (waves(), LABELS[:-1], InputError, "16 clips and 15"),
        (nan(waves()), LABELS, NotFiniteError, "clip 15 holds NaN"),
        (
            [Signal.of(x, rate_hz=RATE_HZ + k // 15) for k, x in enumerate(waves())],
            LABELS,
            RateError,
            "500 and 501 Hz",
        ),
        ([*waves()[:-1], *waves(1, channels=2)], LABELS, ChannelError, "clip 15 has 2 channels"),
        ([], [], InputError, "0 sample"),
        (waves()[0], LABELS, InputError, "16"),
    ],
    ids=["axes", "one class", "labels", "NaN", "rates", "channels", "none", "one clip"],
)
def test_bad_input_is_named(model, x, y, error, said):
    settings = {**TINY, **QUICK} if model == "sample-cnn" else FOREST
    with pytest.raises(error, match=said):
        SignalClassifier(model, **settings).fit(x, y)


def test_a_class_that_validation_would_lack():
    x, y = waves(), ["rare", *LABELS[1:]]
    with pytest.raises(InputError, match="rare"):
        SignalClassifier("sample-cnn", **TINY, **QUICK).fit(x, y)
    all_learnt = SignalClassifier("sample-cnn", valid=0.0, **TINY, **QUICK).fit(x, y)
    assert "rare" in all_learnt.classes_


def test_other_channels_and_rates_are_refused_later_too(net):
    with pytest.raises(ChannelError, match="for a model of 1"):
        net.predict(waves(2, channels=2))
    with pytest.raises(RateError):
        net.predict([Signal.of(waves()[0], rate_hz=2 * RATE_HZ)])


def test_a_constant_channel_is_said():
    x = [np.concatenate([one, np.full_like(one, 0.5)]) for one in waves()]
    with pytest.raises(ChannelError, match=r"channel 1 of 2 is 0\.5 throughout"):
        SignalClassifier("sample-cnn", **TINY, **QUICK).fit(x, LABELS)
