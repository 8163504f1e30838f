"""Clips in, labels out: the same bits from arrays, files and blocks, saved, in members."""

import json

import numpy as np
import pytest
import soundfile
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import ondes
from ondes import models
from ondes.errors import (
    ArtefactError,
    ChannelError,
    InputError,
    NotFiniteError,
    RateError,
    TooShortError,
)
from ondes.nn.ensemble import united
from ondes.run.card import Card
from ondes.run.classifier import Classifier
from ondes.run.labels import Timeline
from ondes.run.pipeline import load as load_detector
from ondes.run.predictors.torch import Network
from ondes.signal import Signal
from ondes.tasks.classify import Reading

RATE_HZ = 8000
NAMES = ("low", "höher", "high")
OPTIONS = {"front": {"scale": "clip"}}
READINGS = {
    "class": Reading(kind="class", temperature=1.7),
    "tags": Reading(kind="tags", temperature=0.8, thresholds=(0.4, 0.5, 0.6)),
    "number": Reading(kind="number", mean=(3.0, -1.0, 0.0), std=(2.0, 0.1, 1.0)),
}
SAME = settings(
    deadline=None, max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def network(seed, *, channels=1):
    torch.manual_seed(seed)
    made = models.build(
        "lenet", OPTIONS, rate_hz=RATE_HZ, channels=channels, classes=NAMES, level="clip"
    )
    return made.eval()


def classifier(kind="class", *, members=1, channels=1):
    """Return a classifier as it is before it has learnt anything."""
    model = {"name": "lenet", "options": OPTIONS}
    task = {"name": "classify", "options": {"target": kind}}
    nets = [network(k, channels=channels) for k in range(members)]
    card = Card(
        name="three",
        model=model if members == 1 else {**model, "members": members},
        spec=nets[0].spec.to_dict(),
        task=task,
    )
    return Classifier(Network(united(nets, averages=kind)), nets[0].spec, READINGS[kind], card)


@pytest.fixture(scope="module")
def heard():
    return classifier()


@pytest.fixture(scope="module")
def noise():
    return np.random.default_rng(0).normal(size=(2, 6001)).astype(np.float32)


@pytest.fixture(scope="module")
def wav(noise, tmp_path_factory):
    path = tmp_path_factory.mktemp("takes") / "take.wav"
    soundfile.write(path, noise.T, RATE_HZ, subtype="FLOAT")
    return path


def test_an_answer_is_read_from_the_network(heard, noise):
    x = noise[:1]
    with torch.no_grad():
        logits = heard.predictor.model(torch.tensor(x)[None])[0].numpy().astype(np.float64)
    probs = np.exp(logits / 1.7) / np.exp(logits / 1.7).sum()
    labels = heard.classify(x, rate_hz=RATE_HZ)
    np.testing.assert_allclose(labels.scores, probs, atol=1e-6)
    assert labels.names == heard.classes == NAMES
    assert labels.label == NAMES[probs.argmax()]
    assert labels.score == labels.values[labels.label] == labels.scores.max()


@SAME
@given(st.lists(st.integers(0, 6001), max_size=8), st.sampled_from([None, 0.2]))
def test_array_file_signal_and_blocks_agree_to_the_bit(heard, noise, wav, sizes, window_s):
    blocks = np.split(noise, np.sort(sizes), axis=1)
    options = {"channels": "1", "window_s": window_s}
    answers = [
        heard.classify(noise, rate_hz=RATE_HZ, **options),
        heard.classify(Signal.of(noise, rate_hz=RATE_HZ), **options),
        heard.classify(wav, **options),
        heard.classify(iter(blocks), rate_hz=RATE_HZ, **options),
    ]
    assert answers == [answers[0]] * 4


@SAME
@given(st.lists(st.integers(0, 6001), max_size=8), st.sampled_from([8000.0, 11025.0]))
def test_a_listener_says_the_same_whatever_the_blocks(heard, noise, sizes, rate_hz):
    options = {"window_s": 0.1, "hop_s": 0.03, "resample": True}
    whole = heard.classify(Signal.of(noise[:1], rate_hz=rate_hz, start=100), **options)
    listener = heard.listen(rate_hz=rate_hz, start=100, **options)
    parts = []
    for block in np.split(noise[:1], np.sort(sizes), axis=1):
        parts.append(listener.push(block))
        assert 100 <= listener.decided <= 100 + 6001
    parts.append(listener.finish())
    assert Timeline.joined(parts) == whole
    assert whole.onset[0] == 100
    assert whole.offset[-1] == 6101


def test_a_window_is_judged_as_a_clip_of_its_own(heard, noise):
    x = noise[0]
    line = heard.classify(x, rate_hz=RATE_HZ, window_s=0.25, hop_s=0.125)
    assert line.onset.tolist() == [0, 1000, 2000, 3000, 4000, 4001]
    assert (line.offset - line.onset == 2000).all()
    for row in line:
        assert row.labels == heard.classify(x[row.onset : row.offset], rate_hz=RATE_HZ)
    assert [event.label for event in line.events] == [row.labels.label for row in line]
    np.testing.assert_allclose(line.onset_s[:2], [0, 0.125])


def test_batches_change_no_answer(heard, noise):
    clips = np.stack([noise[0, k : k + 500] for k in range(0, 5000, 500)])
    whole = heard.predict_proba(clips, rate_hz=RATE_HZ)
    assert whole.shape == (10, 3)
    each = [heard.classify(clip, rate_hz=RATE_HZ).scores for clip in clips]
    assert np.array_equal(whole, each)
    assert np.array_equal(whole, heard.predict_proba(clips[:, None], rate_hz=RATE_HZ))
    unequal = [noise[0, :900], Signal.of(noise[0, :500], rate_hz=RATE_HZ)]
    assert np.array_equal(heard.predict_proba(unequal, rate_hz=RATE_HZ)[1], whole[0])
    assert heard.predict(clips, rate_hz=RATE_HZ).tolist() == [
        heard.classify(clip, rate_hz=RATE_HZ).label for clip in clips
    ]


def test_tags_and_numbers(noise):
    x = noise[0]
    tags = classifier("tags")
    labels = tags.classify(x, rate_hz=RATE_HZ)
    assert set(labels.chosen) == {
        name for name, p, t in zip(NAMES, labels.scores, (0.4, 0.5, 0.6), strict=True) if p >= t
    }
    assert tags.predict([x], rate_hz=RATE_HZ).tolist() == [[n in labels.chosen for n in NAMES]]
    numbers = classifier("number")
    values = numbers.classify(x, rate_hz=RATE_HZ)
    logits = numbers.logits(x[None], rate_hz=RATE_HZ)
    np.testing.assert_allclose(values.scores, logits * (2.0, 0.1, 1.0) + (3.0, -1.0, 0.0))
    assert values.chosen == ()
    assert np.array_equal(numbers.predict([x], rate_hz=RATE_HZ), [values.scores])
    with pytest.raises(InputError, match="call predict"):
        numbers.predict_proba([x], rate_hz=RATE_HZ)
    with pytest.raises(InputError, match="0 labels are chosen"):
        _ = values.label


@pytest.mark.parametrize("kind", READINGS)
def test_members_answer_with_their_mean(kind, noise):
    whole = classifier(kind, members=3)
    plain = Reading(kind=kind)
    parts = [Classifier(Network(net), net.spec, plain, whole.card) for net in whole.predictor.model]
    mean = np.mean([part.probabilities(noise[:1], rate_hz=RATE_HZ) for part in parts], axis=0)
    told = Classifier(whole.predictor, whole.spec, plain, whole.card)
    np.testing.assert_allclose(
        told.probabilities(noise[:1], rate_hz=RATE_HZ), mean, rtol=1e-5, atol=1e-6
    )


@pytest.mark.parametrize("kind", READINGS)
@pytest.mark.parametrize("members", [1, 2])
def test_what_is_saved_answers_the_same(kind, members, noise, tmp_path):
    made = classifier(kind, members=members)
    made.save(tmp_path)
    loaded = ondes.load(tmp_path)
    assert isinstance(loaded, Classifier)
    assert (loaded.spec, loaded.reading, loaded.classes) == (made.spec, made.reading, NAMES)
    x = noise[:1]
    assert loaded.classify(x, rate_hz=RATE_HZ) == made.classify(x, rate_hz=RATE_HZ)
    card = json.loads((tmp_path / "card.json").read_text())
    assert card["model"].get("members", 1) == members
    assert card["task"]["decoder"] == made.reading.to_dict()


def test_a_damaged_or_foreign_folder_is_refused(tmp_path):
    classifier(members=2).save(tmp_path)
    with pytest.raises(ArtefactError, match=r"task 'classify', which detects nothing"):
        load_detector(tmp_path)
    weights = tmp_path / "weights.safetensors"
    content = bytearray(weights.read_bytes())
    content[-3] ^= 1
    weights.write_bytes(content)
    with pytest.raises(ArtefactError, match="SHA-256"):
        ondes.load(tmp_path)


@pytest.mark.parametrize(
    ("call", "error", "said"),
    [
        ({"rate_hz": 4000}, RateError, "resample=True"),
        ({}, RateError, "rate_hz="),
        ({"rate_hz": RATE_HZ, "channels": None}, ChannelError, '"mix"'),
        ({"rate_hz": RATE_HZ, "channels": "9"}, ChannelError, "channel '9'"),
        ({"rate_hz": RATE_HZ, "hop_s": 1.0}, InputError, "without window_s"),
        ({"rate_hz": RATE_HZ, "window_s": 1.0, "hop_s": 2.0}, InputError, "no longer than"),
    ],
)
def test_a_wrong_call_names_its_cure(heard, noise, call, error, said):
    with pytest.raises(error, match=said):
        heard.classify(noise, **{"channels": "0", **call})


def test_clips_that_cannot_be_judged_are_refused(heard, noise):
    with pytest.raises(TooShortError, match="give a longer one"):
        heard.classify(iter([np.zeros((1, 0), np.float32)]), rate_hz=RATE_HZ)
    broken = noise[:1].copy()
    broken[0, 7] = np.nan
    with pytest.raises(NotFiniteError, match="sample 7"):
        heard.classify(iter([broken[:, :5], broken[:, 5:]]), rate_hz=RATE_HZ)
    with pytest.raises(InputError, match="give a list"):
        heard.predict_proba("take.wav")
    assert heard.predict_proba([], rate_hz=RATE_HZ).shape == (0, 3)


def test_swapped_axes_are_named(heard, noise):
    with pytest.raises(ChannelError, match=r"0, 1, .*7, ... \(6001\).*array is \[channel, time\]"):
        heard.classify(noise[:1].T, rate_hz=RATE_HZ)


def test_channels_are_picked_mixed_and_resampled(heard, noise, wav):
    right = heard.classify(noise[1], rate_hz=RATE_HZ)
    assert heard.classify(wav, channels=1) == right
    mixed = heard.classify(wav, channels="mix")
    assert mixed == heard.classify(noise.mean(axis=0, dtype=np.float32), rate_hz=RATE_HZ)
    both = classifier(channels=2)
    assert both.classify(wav) == both.classify(noise, rate_hz=RATE_HZ)
    assert both.classify(wav) != both.classify(wav, channels=["1", "0"])
    slow = ondes.resample(Signal.of(noise[0], rate_hz=16_000), RATE_HZ)
    assert heard.classify(noise[0], rate_hz=16_000, resample=True) == heard.classify(slow)
