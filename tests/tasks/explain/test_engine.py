"""Activation maximisation on networks whose filters are known by construction."""

import math

import numpy as np
import pytest
import torch
from torch import nn

from ondes import models
from ondes.errors import InputError, NotFiniteError
from ondes.tasks.explain import Climbing, Options, Subject, explain, layers
from ondes.tasks.explain.goals import Filters

RATE_HZ = 8000
CENTRES = (400.0, 900.0, 1600.0, 2500.0, 3400.0)
PLAIN = Options(seeds=2, precision="float32")


def bank(taps=65):
    """Band-pass filters: cosines under a Hann window."""
    t = (torch.arange(taps) - taps // 2) / RATE_HZ
    rows = [torch.cos(2 * math.pi * hertz * t) * torch.hann_window(taps) for hertz in CENTRES]
    conv = nn.Conv1d(1, len(rows), taps, stride=2, bias=False)
    conv.weight.data = torch.stack(rows)[:, None]
    return nn.Sequential(conv, nn.ReLU())


def subject(model, **more):
    return Subject(model=model, rate_hz=RATE_HZ, channels=1, rms=0.5, **more)


def test_it_finds_the_bands_of_a_filter_bank():
    found = explain(subject(bank()), options=PLAIN)["0"]
    assert np.abs(found.peak_hz - CENTRES).max() < RATE_HZ / 65 / 2  # half the resolution
    assert found.tone_response.min() > 0.97
    assert not found.dead.any()
    assert found.repeatability.min() > 0.9
    assert np.abs(found.own_peak_hz - CENTRES).max() < 10  # what its taps are made for


def test_results_have_the_shapes_and_levels_they_promise():
    found = explain(subject(bank()), options=PLAIN)["0"]
    filters, samples, tones = 5, found.waves.shape[-1], len(found.tone_hz)
    assert found.waves.shape == (filters, 1, samples)
    assert found.power.shape == (filters, samples // 2 + 1) == (filters, len(found.frequency_hz))
    assert found.tones.shape == (filters, tones)
    assert found.seed_peak_hz.shape == (2, filters)
    assert found.weights.shape == (filters, 1, 65)
    np.testing.assert_allclose(np.sqrt(np.square(found.waves).mean((1, 2))), 0.5, rtol=1e-4)
    np.testing.assert_allclose(found.waves.mean(-1), 0, atol=1e-5)
    np.testing.assert_allclose(found.power.sum(1), 1, rtol=1e-4)
    assert (found.field, found.hop) == (64, 2)  # the first tap is 0
    assert [step.step for step in found.record][:3] == [0, 1, 2]
    np.testing.assert_array_equal(found.record[-1].waves, found.waves[found.watched])
    assert found.share((0.0, RATE_HZ / 2)).tolist() == pytest.approx([1.0] * filters)


def test_a_matched_filter_is_excited_by_what_it_is_matched_to():
    """A chirp detector answers most to that chirp (Cauchy and Schwarz)."""
    taps = 256
    t = torch.arange(taps) / RATE_HZ
    chirp = torch.sin(2 * math.pi * (500 * t + 20_000 * t**2)) * torch.hann_window(taps)
    conv = nn.Conv1d(1, 1, taps, stride=taps, bias=False)
    conv.weight.data = chirp[None, None]
    unit = Options(seeds=1, samples=taps, exact=True, precision="float32", middle=True)
    wave = explain(subject(nn.Sequential(conv, nn.ReLU())), options=unit)["0"].waves[0, 0]
    assert np.corrcoef(wave, chirp)[0, 1] > 0.99


def test_a_click_detector_gets_clicks():
    """A threshold that only crests pass: the loudest sample stands out far above the RMS."""
    conv = nn.Conv1d(1, 1, 3, padding=1)
    conv.weight.data = torch.tensor([[[-0.5, 1.0, -0.5]]])
    conv.bias.data = torch.tensor([-3.0])
    found = explain(subject(nn.Sequential(conv, nn.ReLU())), options=PLAIN)["0"]
    wave = found.waves[0, 0]
    assert not found.dead[0]
    assert np.abs(wave).max() / wave.std() > 4  # of a tone it is 1.4, of noise about 3
    assert found.answer[0] > 2 * found.tones.max()


def test_what_nothing_wakes_is_dead():
    conv = nn.Conv1d(1, 2, 9)
    conv.bias.data = torch.tensor([0.0, -1e6])
    found = explain(subject(nn.Sequential(conv, nn.ReLU())), options=PLAIN)["0"]
    assert found.dead.tolist() == [False, True]
    assert found.order.tolist()[-1] == 1
    assert found.summary()["dead"] == 1


def test_a_second_layer_that_picks_one_band_sings_it():
    first = bank()
    pick = nn.Conv1d(5, 1, 1, bias=False)
    pick.weight.data = torch.tensor([[[-1.0], [-1.0], [4.0], [-1.0], [-1.0]]])
    found = explain(subject(nn.Sequential(first, pick, nn.ReLU())), options=PLAIN)["1"]
    assert abs(found.peak_hz[0] - CENTRES[2]) < RATE_HZ / 65
    assert found.tone_response[0] > 0.95
    assert np.isnan(found.own_peak_hz).all()  # it hears filters, not the signal


def test_fields_are_those_that_the_network_declares():
    net = models.build(
        "strided_cnn",
        {"widths": [4, 4, 4], "strides": [4, 2, 2]},
        rate_hz=RATE_HZ,
        channels=1,
        classes=("a", "b"),
        level="clip",
    )
    with layers.still(net):
        found = layers.find(net, channels=1, samples=8192)
    assert [(one.field, one.hop) for one in found] == [(9, 4), (41, 8), (105, 16)]
    assert all(isinstance(one.read, nn.BatchNorm1d) for one in found)


def test_outputs_and_their_differences_are_climbed():
    head = nn.Conv1d(5, 5, 1, bias=False)
    head.weight.data = torch.eye(5)[..., None]
    net = nn.Sequential(bank(), head, nn.AdaptiveAvgPool1d(1), nn.Flatten())
    names = tuple("abcde")
    options = Options(layers=("output",), seeds=1, contrasts=(("b", "d"),), samples=2048)
    found = explain(subject(net, outputs=names), options=options)["output"]
    assert found.labels == (*names, "b − d")
    expected = np.array([*CENTRES, CENTRES[1]])
    assert np.abs(found.peak_hz - expected).max() < RATE_HZ / 65


@pytest.mark.parametrize("method", ["adam", "adam-time", "samplecnn"])
def test_other_methods(method):
    options = Options(seeds=1, precision="float32", climbing=Climbing(method=method))
    found = explain(subject(bank()), options=options)
    assert found.method == method
    if method == "adam":
        assert np.median(np.abs(found["0"].peak_hz - CENTRES)) < RATE_HZ / 65
    if method == "samplecnn":
        assert found["0"].waves.shape[-1] == 729
        assert (found["0"].steps == 18).all()
        assert [step.step for step in found["0"].record][-2:] == [16, 18]


def test_the_same_call_gives_the_same_answer_in_any_batch_and_leaves_the_model_as_it_was():
    net = bank().train()
    options = Options(seeds=1, precision="float32")
    once, again = (explain(subject(net), options=options)["0"].waves for _ in range(2))
    np.testing.assert_array_equal(once, again)
    assert net.training
    assert all(weight.requires_grad for weight in net.parameters())
    small = explain(subject(net), options=Options(seeds=1, batch=2, precision="float32"))
    assert np.abs(small["0"].peak_hz - CENTRES).max() < RATE_HZ / 65


def test_progress_is_told_to_the_end():
    told = []
    explain(subject(bank()), options=PLAIN, progress=lambda done, what: told.append((done, what)))
    assert told[-1] == (pytest.approx(1.0), "0")
    assert [done for done, _ in told] == sorted(done for done, _ in told)


@pytest.mark.parametrize("turn", [0.0, 0.25, 0.5, 0.75])
def test_tones_that_strides_meet_in_one_phase_are_answered(turn):
    """A quarter of the rate by strides of four: every value is the same, whatever the phase."""
    conv = nn.Conv1d(1, 1, 16, stride=4, bias=False)
    t = torch.arange(16) / 4 + turn
    conv.weight.data = torch.sin(2 * math.pi * t)[None, None]
    found = explain(subject(nn.Sequential(conv, nn.ReLU())), options=PLAIN)["0"]
    assert found.peak_hz[0] == pytest.approx(RATE_HZ / 4, abs=RATE_HZ / 16 / 2)
    assert found.tone_response[0] > 0.85


def test_softplus_wakes_a_silent_filter():
    conv = nn.Conv1d(1, 1, 9)
    conv.bias.data = torch.tensor([-1.0])
    net = nn.Sequential(conv, nn.ReLU())
    with layers.still(net):
        goal = Filters(net, layers.find(net, channels=1, samples=512)[0])
        quiet = torch.zeros(1, 1, 64).requires_grad_()
        height = goal.one(quiet, torch.tensor([0]))
        (slope,) = torch.autograd.grad(height.objective.sum(), quiet)
    assert height.answer.item() == 0
    assert slope.abs().max() > 0


def test_priors_bend_towards_low_frequencies():
    white = nn.Conv1d(1, 1, 1, bias=False)
    net = nn.Sequential(white, nn.ReLU())
    means = []
    for tv, pink in ((0.0, 0.0), (0.5, 0.0), (0.0, 1.0)):
        climbing = Climbing(tv=tv, pink=pink)
        options = Options(seeds=1, precision="float32", climbing=climbing)
        found = explain(subject(net), options=options)["0"]
        means.append(float((found.power[0] * found.frequency_hz).sum()))
    assert means[0] > means[1]
    assert means[0] > means[2]


def test_bad_input_is_named():
    with pytest.raises(InputError, match="no convolution"):
        explain(subject(nn.Linear(4, 4)))
    with pytest.raises(InputError, match="did you mean '0'"):
        explain(subject(bank()), options=Options(layers=("O0",)))
    broken = bank()
    broken[0].weight.data[0, 0, 0] = torch.nan
    with pytest.raises(NotFiniteError, match=r"0\.weight"):
        explain(subject(broken))
    with pytest.raises(InputError, match="above 0"):
        explain(Subject(model=bank(), rate_hz=RATE_HZ, channels=1, rms=0.0))
    with pytest.raises(InputError, match="cannot be computed"):
        explain(Subject(model=bank(), rate_hz=RATE_HZ, channels=3, rms=1.0))
    with pytest.raises(InputError, match="no output is called 'x'; there are a"):
        explain(subject(bank(), outputs=("a",)), options=Options(contrasts=(("a", "x"),)))
    with pytest.raises(InputError, match="choose one of"):
        Climbing(method="hill")
    with pytest.raises(InputError, match="no named outputs"):
        explain(subject(bank()), options=Options(layers=("output",)))
    with pytest.raises(InputError, match=r"explain\(seeds=0\): give a whole number, 1 or more"):
        Options(seeds=0)
    with pytest.raises(InputError, match=r"seeds=1\.5"):
        Options(seeds=1.5)
    with pytest.raises(InputError, match="filters='many'"):
        Options(filters="many")
    with pytest.raises(InputError, match="precision='half'"):
        Options(precision="half")
    with pytest.raises(InputError, match="samples=1"):
        Options(samples=1)
    with pytest.raises(InputError, match="pink=nan"):
        Climbing(pink=math.nan)
    with pytest.raises(InputError, match="tv='much'"):
        Climbing(tv="much")
    with pytest.raises(InputError, match="rms='loud'"):
        explain(Subject(model=bank(), rate_hz=RATE_HZ, channels=1, rms="loud"))


def test_differences_are_never_dropped():
    with pytest.raises(InputError, match="pairs of outputs"):
        Options(contrasts=(("a",),))
    pair = (("a", "b"),)
    with pytest.raises(InputError, match="no named outputs"):
        explain(subject(bank()), options=Options(contrasts=pair))
    net = nn.Sequential(bank(), nn.AdaptiveAvgPool1d(1), nn.Flatten())
    named = subject(net, outputs=tuple("abcde"))
    with pytest.raises(InputError, match="none of the layers"):
        explain(named, options=Options(layers=("0.0",), contrasts=pair))
    options = Options(layers=("output",), contrasts=pair, filters=1, seeds=1, samples=512)
    assert explain(named, options=options)["output"].labels == ("a", "a − b")


def test_networks_that_stop_the_gradient_are_named():
    class Stopped(nn.Module):
        def __init__(self):
            super().__init__()
            self.bank = bank()

        def forward(self, x):
            with torch.inference_mode():
                return self.bank(x)

    with pytest.raises(InputError, match=r"no gradient leads from layer 'bank\.0'"):
        explain(subject(Stopped()))
