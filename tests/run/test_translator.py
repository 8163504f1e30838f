"""Translators on recordings: an identity changes no bit, blocks do neither, ONNX agrees."""

import subprocess
import sys
import tracemalloc
from dataclasses import replace

import numpy as np
import pytest
import torch

import ondes
from ondes.data.uwb.maps import Form, Frames
from ondes.errors import (
    ArtefactError,
    ChannelError,
    InputError,
    NotFiniteError,
    RateError,
    TooShortError,
)
from ondes.io import sink
from ondes.models import translators
from ondes.ops.radar import joined
from ondes.ops.resample import Resampler
from ondes.protocols import Sensor
from ondes.run.card import Card
from ondes.run.predictors.torch import Network
from ondes.run.source import source_of
from ondes.run.translator import Translator
from ondes.run.way import Way
from ondes.signal import Signal
from ondes.spec import TranslatorSpec
from ondes.tasks.translate import Reading, Side

RATE_HZ = 100.0
FRAMES = Frames(form=Form(shape=(8, 16)), rate_hz=50.0, n_channels=24, size=32)


def identity(x):
    """A network whose result, coarse result and log-uncertainty are what it is given."""
    return np.concatenate([x, x, np.zeros_like(x[:, :1])], axis=1)


def of(
    predictor, spec, *, step=1, size, rates=(RATE_HZ, RATE_HZ), reading=None, model=None, **facts
):
    bins = spec.bins or 1
    sensors = (Sensor(rates[0], spec.channels * bins, "new"), Sensor(rates[1], bins, "old"))
    way = Way(source=sensors[0], target=sensors[1], size=size, step=step)
    card = Card(
        name="try",
        model=model or {},
        spec={},
        task={"name": "translate", "options": {}},
        facts=facts,
    )
    return Translator(predictor, spec, reading or Reading(), way, card)


def same(*, size=400, step=64, rates=(RATE_HZ, RATE_HZ)):
    return of(identity, TranslatorSpec(RATE_HZ, 1, ("old",)), size=(size,), step=step, rates=rates)


def drawn(name="texture", size=(64,), depth=2, **more):
    torch.manual_seed(0)
    options = {"width": 4, "depth": depth}
    net = translators.build(name, options, rate_hz=RATE_HZ, channels=1, outputs=("old",), size=size)
    model = {"name": name, "options": options, "size": list(size)}
    reading = Reading(source=Side(floor=True, spread=2.0), target=Side(centre=1.0, spread=3.0))
    return of(
        Network(net.eval()),
        net.spec,
        size=size,
        step=2**net.depth,
        reading=reading,
        model=model,
        **more,
    )


def noise(n, *, channels=1):
    return np.random.default_rng(n).normal(size=(channels, n)).astype(np.float32)


def blocks(x, size):
    return (x[:, i : i + size] for i in range(0, x.shape[1], size))


@pytest.mark.parametrize("n", [64, 399, 400, 401, 1000, 4321])
@pytest.mark.parametrize("step", [1, 64, 256])
def test_an_identity_gives_its_input_back_bit_for_bit(n, step):
    x = noise(n)
    whole = same(step=min(step, 64)).translate(x, rate_hz=RATE_HZ)
    np.testing.assert_array_equal(whole.samples, x)
    assert whole.channels == ("old",)


@pytest.mark.parametrize("rates", [(RATE_HZ, RATE_HZ), (50.0, 125.0)])
def test_blocks_of_any_size_give_the_same_bits(rates):
    translator = replace(drawn(), way=replace(drawn().way, source=Sensor(rates[0], 1, "new"),
                                              target=Sensor(rates[1], 1, "old")))  # fmt: skip
    x = noise(700)
    whole = translator.parts(x, rate_hz=rates[0])
    assert whole.result.n_samples == round(700 * rates[1] / rates[0])
    for size in (1, 13, 64, 699):
        part = translator.parts(blocks(x, size), rate_hz=rates[0])
        np.testing.assert_array_equal(part.result.samples, whole.result.samples)
        np.testing.assert_array_equal(part.coarse.samples, whole.coarse.samples)


def test_rates_are_converted_before_and_after_the_network():
    x = noise(1000)
    made = same(rates=(50.0, 125.0)).translate(x, rate_hz=50.0)
    by_hand = Resampler(RATE_HZ, 125.0)(Resampler(50.0, RATE_HZ)(x))
    np.testing.assert_array_equal(made.samples, by_hand)


def test_a_result_keeps_its_place_and_is_in_the_units_of_the_wanted_sensor():
    signal = ondes.Signal.of(noise(100), rate_hz=RATE_HZ, start=50)
    reading = Reading(target=Side(centre=1.0, spread=3.0))
    made = replace(same(), reading=reading).parts(signal)
    assert made.result.start == 50
    np.testing.assert_allclose(made.result.samples, 3 * signal.samples + 1, rtol=1e-6)
    np.testing.assert_allclose(made.uncertainty.samples, 3.0)  # log 0, in units of the spread


def test_windows_overlap_by_a_quarter_at_least_and_stand_on_the_networks_grid():
    for size, step in ((400, 64), (400, 128), (400, 256), (2000, 128), (7, 1), (1, 1)):
        pace = same(size=size, step=step).way.pace
        assert pace.size == size
        assert 1 <= pace.hop <= max(0.75 * size, 1)
        assert pace.hop % step == 0 or pace.hop == size // 2
        assert pace.size - pace.hop <= pace.hop or size == 1 or size % 2


def test_a_stream_waits_no_longer_than_it_says():
    translator, x = same(), noise(2000)
    stream, done = translator.stream(rate_hz=RATE_HZ), 0
    for taken, block in enumerate(blocks(x, 1), start=1):
        done += stream.push(block).result.shape[1]
        assert taken - done <= translator.latency_s * RATE_HZ
    stream.finish()


def test_memory_does_not_grow_with_a_stream():
    stream = same().stream(rate_hz=RATE_HZ)
    for _ in range(50):
        stream.push(noise(400))
    assert stream._windows._tape._array.size < 20_000


def test_memory_does_not_grow_with_a_file_that_is_written(tmp_path):
    def peak(n):
        blocks = (noise(1000) for _ in range(n // 1000))
        source, flow = source_of(blocks, rate_hz=RATE_HZ), same(size=4000)
        tracemalloc.start()
        with sink(tmp_path / "x.npy", n_channels=1, n_samples=n, rate_hz=RATE_HZ) as put:
            for part in flow.flow(source):
                put(part.result)
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return most

    peak(20_000)
    assert peak(400_000) < 1.5 * peak(40_000)


def test_what_was_saved_answers_the_same(tmp_path):
    translator, x = drawn("sig2sig"), noise(200)
    translator.save(tmp_path / "net")
    loaded = ondes.load(tmp_path / "net")
    for one, other in zip(
        translator.parts(x, rate_hz=RATE_HZ), loaded.parts(x, rate_hz=RATE_HZ), strict=True
    ):
        np.testing.assert_array_equal(one.samples, other.samples)
    assert loaded.way == translator.way


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    """Return translators, the file of each, and how far it says that it differs."""
    folder, found = tmp_path_factory.mktemp("onnx"), {}
    for name, size in (("pix2pix", (16,)), ("texture", (8, 16))):
        translator, path = drawn(name, size, 1), folder / f"{name}.onnx"
        found[name] = translator, path, translator.export(path)
    return found


@pytest.mark.parametrize("name", ["pix2pix", "texture"])
def test_onnx_answers_as_torch_does_at_three_lengths(name, exported):
    translator, path, differs = exported[name]
    assert differs < 1e-4
    loaded = ondes.load(path)
    for n in (8, 16, 53):
        x = noise(n, channels=translator.target.n_channels)
        made, other = (one.translate(x, rate_hz=RATE_HZ).samples for one in (translator, loaded))
        np.testing.assert_allclose(other, made, atol=1e-4)


def test_an_exported_translator_needs_no_torch(exported, tmp_path):
    translator, path, _ = exported["pix2pix"]
    x = noise(20)
    np.save(tmp_path / "x.npy", x)
    code = (
        "import sys; sys.modules['torch'] = None\n"
        "import numpy as np, ondes\n"
        f"net = ondes.load({str(path)!r}, threads=1)\n"
        f"made = net.translate(np.load({str(tmp_path / 'x.npy')!r}), rate_hz={RATE_HZ})\n"
        f"ondes.write(made, {str(tmp_path / 'y.npy')!r})"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
    made = translator.translate(x, rate_hz=RATE_HZ).samples
    np.testing.assert_allclose(np.load(tmp_path / "y.npy"), made, atol=1e-4)


def of_frames():
    return drawn(size=(8, 16), frames=FRAMES.to_dict())


def test_frames_become_maps_one_after_the_other():
    translator, x = of_frames(), noise(80, channels=24)
    maps = list(translator.maps(x, rate_hz=50.0))
    assert [(one.start, one.stop) for one in maps] == [(0, 32), (32, 64), (48, 80)]
    by_hand = FRAMES.form.of(joined(x[:, 48:]))
    np.testing.assert_allclose(maps[2].source.samples, by_hand, atol=1e-5)
    made = translator.translate(maps[2].source)
    np.testing.assert_array_equal(maps[2].made.result.samples, made.samples)
    for size in (1, 7, 33):
        again = translator.maps(blocks(x, size), rate_hz=50.0)
        for one, other in zip(maps, again, strict=True):
            np.testing.assert_array_equal(one.made.result.samples, other.made.result.samples)


def test_frames_of_one_map_are_translated_like_a_signal():
    translator, x = of_frames(), noise(32, channels=24)
    assert translator.translate(x, rate_hz=50.0).samples.shape == (8, 16)
    with pytest.raises(InputError, match="of which a map takes 32"):
        translator.translate(noise(80, channels=24), rate_hz=50.0)
    with pytest.raises(TooShortError):
        translator.translate(x[:, :20], rate_hz=50.0)
    with pytest.raises(ChannelError, match="24"):
        translator.translate(x[:12], rate_hz=50.0)
    with pytest.raises(RateError, match="or frames at 50 Hz"):
        translator.translate(x, rate_hz=49.0)


def test_what_does_not_fit_is_refused():
    translator = drawn()
    with pytest.raises(ChannelError, match="2 channels given"):
        translator.translate(noise(100, channels=2), rate_hz=RATE_HZ)
    with pytest.raises(RateError, match="translator of new at 100 Hz"):
        translator.translate(noise(100), rate_hz=200.0)
    assert translator.translate(noise(100), rate_hz=200.0, resample=True).n_samples == 50
    with pytest.raises(TooShortError, match="takes 4 or more"):
        translator.translate(noise(3), rate_hz=RATE_HZ)
    broken = noise(100)
    broken[0, 7] = np.nan
    with pytest.raises(NotFiniteError, match="sample 7"):
        translator.translate(iter([broken]), rate_hz=RATE_HZ)
    with pytest.raises(InputError, match="knows of no frames"):
        list(translator.maps(noise(100), rate_hz=RATE_HZ))
    with pytest.raises(ChannelError, match="8"):
        of_frames().translate(noise(16, channels=9), rate_hz=RATE_HZ)


def test_dead_sensors_and_maps_of_another_width_are_refused():
    with pytest.raises(ChannelError, match="is 3 throughout"):
        drawn().translate(np.full((1, 100), 3.0), rate_hz=RATE_HZ)
    both = Signal.of(np.concatenate([noise(100), np.zeros((1, 100))]), rate_hz=RATE_HZ)
    with pytest.raises(ChannelError, match="channel 1 is 0 throughout"):
        drawn().translate(both, channels="1")
    assert drawn().translate(both, channels="0").n_samples == 100
    with pytest.raises(ChannelError, match="frames 32 to 64 are alike"):
        list(of_frames().maps(np.pad(noise(32, channels=24), ((0, 0), (0, 32))), rate_hz=50))
    for x in (noise(17, channels=8), iter([noise(17, channels=8)])):
        with pytest.raises(InputError, match="a map of 17 cells"):
            of_frames().translate(x, rate_hz=RATE_HZ)


def test_a_network_that_answers_nan_is_told():
    mad = replace(same(), predictor=lambda x: identity(x) * np.nan)
    with pytest.raises(NotFiniteError, match="network answers NaN"):
        mad.translate(noise(100), rate_hz=RATE_HZ)


def test_a_card_without_a_way_is_refused(tmp_path):
    translator = drawn()
    card = replace(translator.card, spec=translator.spec.to_dict(),
                   task={"name": "translate", "options": {}, "decoder": {}})  # fmt: skip
    translator.predictor.save(tmp_path / "net", card)
    with pytest.raises(ArtefactError, match="the card's reading"):
        ondes.load(tmp_path / "net")
