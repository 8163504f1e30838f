"""Streams through a translator: what was trained on the old sensor hears the new one."""

import numpy as np
import pytest

from ondes.data.clips import Clips, one_hot
from ondes.data.uwb.maps import Form, Frames
from ondes.errors import ChannelError, InputError, RateError
from ondes.protocols import Sensor
from ondes.run import rivals
from ondes.run.card import Card
from ondes.run.classical import find
from ondes.run.live import Settings, Watch, prompt, source_of
from ondes.run.live.through import Through, ThroughMaps
from ondes.run.live.windowed import Windowed
from ondes.run.translator import Translator
from ondes.run.way import Way
from ondes.spec import TranslatorSpec
from ondes.tasks.translate import Reading

RATE_HZ = 1000.0
FRAMES = Frames(form=Form(shape=(6, 16)), rate_hz=50.0, n_channels=24, size=32)


def turned(x):
    """A network that turns signals upside down."""
    return np.concatenate([-x, -x], axis=1)


def translator(*, size=(200,), rates=(RATE_HZ, RATE_HZ), facts=None):
    bins = size[0] if len(size) > 1 else 1
    spec = TranslatorSpec(rates[1], 1, ("old",), len(size), size[0] if len(size) > 1 else None)
    way = Way(source=Sensor(rates[0], bins, "new"), target=Sensor(rates[1], bins, "old"), size=size)
    card = Card(name="turned", model={}, spec={}, task={}, facts=facts or {})
    return Translator(turned, spec, Reading(), way, card)


def wave(*names, n=250):
    rng = np.random.default_rng(len(names))
    parts = [np.sin(np.arange(n) * {"slow": 0.2, "fast": 1.1}[name]) for name in names]
    return (np.concatenate(parts) + 0.05 * rng.normal(size=n * len(names))).astype(np.float32)


def fitted(arrays, words, rate_hz):
    clips = Clips(
        arrays, one_hot(words, sorted({*words})), labels=sorted({*words}), rate_hz=rate_hz
    )
    return rivals.fit("minirocket", clips, options={"features": 84})


@pytest.fixture(scope="module")
def judge():
    words = ["slow", "fast"] * 5
    return fitted([wave(word) for word in words], words, RATE_HZ)


@pytest.fixture(scope="module")
def judge_of_maps():
    rng = np.random.default_rng(0)
    words = ["near", "far"] * 5
    maps = [rng.normal(size=(6, 16)) + np.eye(6, 16) * (9 if w == "near" else 0) for w in words]
    return fitted(maps, words, FRAMES.form.shape[1] / FRAMES.rate_hz)


X = -wave("slow", "fast", "slow", "slow", "fast")[None, :1187]


def watched(detector, x, memory, tmp_path, *, rate_hz, start=0):
    (tmp_path / "x.bin").write_bytes(np.ascontiguousarray(x.T).tobytes())
    source = source_of(
        str(tmp_path / "x.bin"), rate_hz=rate_hz, n_channels=len(x), dtype="float32", fast=True
    )
    job = Watch(detector, source, sinks=[memory], settings=Settings(block_s=0.03))
    job.run()
    assert job.failure is None
    found = [batch.events for batch in memory.batches if len(batch.events)]
    return sum(found[1:], found[0])


def test_a_watched_stream_is_what_the_translated_file_is(judge, memory, tmp_path):
    detector = Through(translator(), Windowed(judge, 0.25, 0.1))
    made = translator().translate(X, rate_hz=RATE_HZ)
    np.testing.assert_array_equal(made.samples, -X)
    expected = Windowed(judge, 0.25, 0.1).detect(made)
    assert detector.detect(X, rate_hz=RATE_HZ) == expected
    assert watched(detector, X, memory, tmp_path, rate_hz=RATE_HZ) == expected
    assert {"slow", "fast"} == set(expected.labels)


def test_a_new_hearing_takes_over_where_the_last_one_says(judge):
    detector = Through(translator(), Windowed(judge, 0.25, 0.1))
    whole = detector.detect(X, rate_hz=RATE_HZ)
    for stop in (0, 300, 700, 1100):
        first = detector.listen(rate_hz=RATE_HZ)
        before = first.push(X[:, :stop])
        decided, restart = first.decided, first.restart
        assert 0 <= restart <= decided <= stop
        second = detector.listen(rate_hz=RATE_HZ, start=restart)
        after = second.push(X[:, restart:]) + second.finish()
        assert before[before.onset < decided] + after[after.onset >= decided] == whole
    assert restart > 0


def test_events_lie_on_the_streams_own_axis_where_rates_differ(judge):
    slow = translator(rates=(500.0, RATE_HZ))
    detector = Through(slow, Windowed(judge, 0.25))
    found = detector.detect(X[:, :1000:2], rate_hz=500.0)
    assert found.rate_hz == 500.0
    assert found.onset.tolist() == [0, 125, 250, 375]
    hearing = detector.listen(rate_hz=500.0, start=70)
    hearing.push(X[:, :1000:2])
    assert hearing.restart == 70 < hearing.decided


def test_a_detector_hears_the_translation_too():
    knock = np.zeros((1, 4000), np.float32)
    knock[0, 2000:2040] = np.sin(np.arange(40))
    knock += np.float32(0.01) * np.random.default_rng(0).normal(size=4000).astype(np.float32)
    detector, rule = Through(translator(), find("threshold")), find("threshold")
    assert detector.detect(knock, rate_hz=RATE_HZ) == rule.detect(-knock, rate_hz=RATE_HZ)
    assert prompt(detector, block_s=0.02) == detector


def test_frames_become_maps_become_answers(judge_of_maps, memory, tmp_path):
    model = translator(size=(6, 16), rates=(0.32, 0.32), facts={"frames": FRAMES.to_dict()})
    detector = ThroughMaps(model, judge_of_maps, hop_s=0.32)
    x = np.random.default_rng(1).normal(size=(24, 150)).astype(np.float32)
    found = watched(detector, x, memory, tmp_path, rate_hz=50.0)
    assert found == detector.detect(x, rate_hz=50.0)
    spans = [(one.start, one.stop) for one in model.maps(x, rate_hz=50.0, hop_s=0.32)]
    assert list(zip(found.onset, found.offset, strict=True)) == spans
    by_hand = [
        judge_of_maps.classify(one.made.result).label
        for one in model.maps(x, rate_hz=50.0, hop_s=0.32)
    ]
    assert found.label.tolist() == by_hand
    assert (detector.spec.hop, detector.spec.look_ahead) == (16, 16)


def test_what_does_not_fit_is_refused(judge, judge_of_maps):
    with pytest.raises(RateError, match="of the sensor that is translated into"):
        Through(translator(rates=(RATE_HZ, 500.0)), Windowed(judge, 0.25))
    three = [np.zeros((3, 64), np.float32) + wave(word, n=64) for word in ("slow", "fast") * 2]
    wide = Windowed(fitted(three, ["slow", "fast"] * 2, RATE_HZ), 0.25)
    many = translator(size=(6, 200))
    with pytest.raises(ChannelError, match="6 channels given"):
        Through(many, wide)
    with pytest.raises(InputError, match="knows of no frames"):
        ThroughMaps(translator(), judge_of_maps)
