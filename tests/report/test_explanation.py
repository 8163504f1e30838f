"""The page of a network explained, its arrays and its figures."""

import dataclasses
import io
import math
import re

import numpy as np
import pytest
import soundfile
import torch
from PIL import Image
from torch import nn

from ondes.errors import MissingExtraError
from ondes.events import EventList
from ondes.report import attribution, explanation, figures, filterbank
from ondes.signal import Signal
from ondes.tasks.explain import Attribution, Options, Subject, explain

RATE_HZ = 8000


@pytest.fixture(scope="module")
def found():
    """Two tones, as filters and as outputs that are called by their pitch."""
    t = torch.arange(64) / RATE_HZ
    rows = [torch.cos(2 * math.pi * hertz * t) * torch.hann_window(64) for hertz in (880, 1760)]
    conv = nn.Conv1d(1, 2, 64, stride=3, bias=False)
    conv.weight.data = torch.stack(rows)[:, None]
    net = nn.Sequential(conv, nn.ReLU(), nn.AdaptiveAvgPool1d(1), nn.Flatten())
    subject = Subject(
        model=net, rate_hz=RATE_HZ, channels=1, rms=0.1, outputs=("A5", "A6"), name="<two>"
    )
    return explain(subject, options=Options(samples=4096))


def test_the_page_holds_every_layer_and_a_sound_for_each_output(found, tmp_path):
    path = tmp_path / "index.html"
    explanation.write(path, found, band=(300.0, 3000.0), command="ondes explain two")
    text = path.read_text()
    assert "&lt;two&gt;" in text
    assert "<two>" not in text
    assert "src=http" not in text
    assert text.count('class="bank"') == 4  # found and swept, of filters and outputs
    assert "300 Hz to 3 kHz" in text
    assert re.search(r"partial 1, [+-]\d+ cents", text)
    sounds = re.findall(r'id="sound-\d+" data-mime="audio/flac">([^<]+)<', text)
    assert len(sounds) == 2
    import base64

    heard, rate = soundfile.read(io.BytesIO(base64.b64decode(sounds[0])))
    wave = found["output"].waves[0, 0]
    assert rate == RATE_HZ
    assert np.corrcoef(heard, wave)[0, 1] > 0.999


def test_of_several_channels_the_loudest_is_drawn(found):
    layer = found["0"]
    both = np.concatenate([layer.waves, -2 * layer.waves], axis=1)  # whose mean says nothing
    twice = dataclasses.replace(layer, waves=both)
    assert [twice.loudest(k) for k in range(2)] == [1, 1]
    drawn = explanation._drawn(twice, 0).wave
    assert drawn == explanation.path_of(-2 * layer.waves[0, 0, : layer.telling])


def test_layers_are_seen_beside_each_other(found, tmp_path):
    """Each waveform of the grid is one that the page holds, and is held once."""
    layer = found["0"]
    twice = dataclasses.replace(found, layers=(layer, dataclasses.replace(layer, name="1")))
    explanation.write(tmp_path / "index.html", twice)
    text = (tmp_path / "index.html").read_text()
    shown = re.findall(r'<use href="#(wave-[^"]+)"', text)
    assert shown == ["wave-0-0", "wave-0-1", "wave-1-0", "wave-1-1"]
    assert all(text.count(f'id="{name}"') == 1 for name in shown)


def test_arrays_are_read_back_without_pickle(found, tmp_path):
    explanation.write_arrays(tmp_path / "arrays.npz", found)
    with np.load(tmp_path / "arrays.npz", allow_pickle=False) as arrays:
        np.testing.assert_array_equal(arrays["0/waves"], found["0"].waves)
        np.testing.assert_array_equal(arrays["output/labels"], ["A5", "A6"])
        assert arrays["rate_hz"] == RATE_HZ


def test_a_pure_tone_lies_where_its_frequency_is():
    hertz = np.arange(0, 4001, 10.0)
    power = np.zeros((1, len(hertz)))
    power[0, 100] = 1.0  # 1 kHz, a quarter of the way
    axis = filterbank.Axis.of(np.array([1000.0]), rate_hz=RATE_HZ)
    assert not axis.is_log
    import base64

    png = base64.b64decode(filterbank.picture(power, hertz, axis))
    with Image.open(io.BytesIO(png)) as image:
        bright = np.asarray(image.convert("L"))[:, 0].argmax()
    assert bright == pytest.approx(0.75 * filterbank.ROWS, abs=2)


def test_low_peaks_get_octaves():
    axis = filterbank.Axis.of(np.array([100.0, 200.0, 300.0]), rate_hz=48_000)
    assert axis.is_log
    assert axis.place(axis.high_hz) == pytest.approx(1.0)
    assert axis.place(axis.high_hz / 2) == pytest.approx(1 - 1 / filterbank.OCTAVES)


def test_figures_are_written(found, tmp_path, monkeypatch):
    paths = figures.write(tmp_path, found)
    each = [f"{layer}{kind}.png" for layer in ("0", "output") for kind in ("", "-waves", "-steps")]
    assert sorted(path.name for path in paths) == sorted(["all-layers.png", *each])
    with Image.open(paths[0]) as image:
        assert image.width > 1000
    monkeypatch.setitem(__import__("sys").modules, "matplotlib.figure", None)
    with pytest.raises(MissingExtraError, match="matplotlib"):
        figures.write(tmp_path, found)


def test_attributions_are_drawn_with_events():
    signal = Signal.of(np.sin(np.arange(800)), rate_hz=RATE_HZ)
    values = np.linspace(-1, 1, 800, dtype=np.float32)
    one = Attribution(way="occlusion", label="a<b", logit=2.0, values=values, sanity=0.1)
    events = EventList.of([(100, 300, "hit<")], rate_hz=RATE_HZ)
    shown = attribution.shown(signal, [one], events=events, title="take.wav")
    assert shown["title"] == "take.wav"
    assert "hit&lt;" in shown["svg"]
    assert "a&lt;b" in shown["svg"]
    assert attribution.FOR in shown["svg"]
    assert attribution.AGAINST in shown["svg"]
