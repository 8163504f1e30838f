"""Layers of networks as they are built in the wild, and what is said of each."""

import numpy as np
import pytest
import torch
from torch import nn

from ondes.errors import InputError, NotFiniteError
from ondes.tasks.explain import Climbing, Options, Subject, explain, layers, plan
from ondes.tasks.explain.plan import planned

RATE_HZ = 8000
FEW = Options(seeds=1, filters=2, samples=256, exact=True, precision="float32")


def found(net, *, channels=1, samples=512, exact=False):
    with layers.still(net):
        return layers.find(net, channels=channels, samples=samples, exact=exact)


def waves(net, options=FEW, **more):
    subject = Subject(model=net, rate_hz=RATE_HZ, channels=1, rms=1.0, **more)
    return [layer.waves for layer in explain(subject, options=options).layers]


def test_what_is_changed_in_place_is_still_a_layer():
    net = nn.Sequential(nn.Conv1d(1, 4, 9), nn.ReLU(inplace=True), nn.Conv1d(4, 3, 9))
    assert [(one.name, one.is_output) for one in found(net)] == [("0", False), ("2", True)]
    net.append(nn.ReLU(inplace=True))
    assert [one.is_output for one in found(net)] == [False, False]
    assert [one.field for one in found(net)] == [9, 17]


def test_a_last_convolution_is_a_layer_unless_its_outputs_are_named():
    net = nn.Sequential(nn.Conv1d(1, 4, 9), nn.ReLU(), nn.Conv1d(4, 3, 9))
    assert len(waves(net)) == 2
    assert [one.shape for one in waves(net, outputs=("a", "b", "c"))] == [(2, 1, 256)] * 2


def test_hops_do_not_depend_on_edges():
    net = nn.Sequential(nn.Conv1d(1, 2, 63, stride=64), nn.ReLU(), nn.Conv1d(2, 2, 5), nn.ReLU())
    assert [one.hop for one in found(net, samples=2048)] == [64, 64]


def test_clips_of_one_length_are_taken_at_that():
    net = nn.Sequential(nn.Conv1d(1, 2, 9), nn.ReLU(), nn.Flatten(), nn.Linear(2 * 248, 3))
    assert waves(net, outputs=("a", "b", "c"))[1].shape == (2, 1, 256)
    with pytest.raises(InputError, match="exact=True"):
        found(net, samples=4096)


class _Patient(nn.Module):
    """Takes 5,000 samples or more."""

    def __init__(self):
        super().__init__()
        self.output = nn.Conv1d(1, 2, 9)

    def forward(self, x):
        assert x.shape[-1] >= 5000, "too short"
        return torch.relu(self.output(x))


def test_what_refuses_short_noise_is_given_longer():
    (layer,) = found(_Patient(), samples=16_384)
    assert (layer.name, layer.field) == ("output-layer", 9)  # "output" is what the network gives
    with pytest.raises(InputError, match=r"cannot be computed for waveforms .*too short"):
        waves(_Patient(), Options(seeds=1))


class _Gate(nn.Module):
    """Squeeze and excitation: a value of any clip, by which it is scaled."""

    def __init__(self):
        super().__init__()
        self.squeeze = nn.Conv1d(4, 4, 1)

    def forward(self, x):
        return x * torch.sigmoid(self.squeeze(x.mean(-1, keepdim=True)))


def test_a_single_value_of_any_clip_is_given_waveforms_as_long_as_the_layer_before():
    net = nn.Sequential(nn.Conv1d(1, 4, 9), nn.Tanh(), _Gate(), nn.Conv1d(4, 2, 9), nn.ReLU())
    first, gate, last = found(net, samples=16_384)
    assert (gate.name, gate.field, gate.hop) == ("2.squeeze", first.field, 16_384)
    assert last.field < 64  # though the gate hears all


def test_what_is_nearly_nothing_is_no_part_of_a_field():
    """One part in a thousand from far away: of 201 samples 9 hold nearly all."""
    conv = nn.Conv1d(1, 1, 201, bias=False)
    conv.weight.data.fill_(1e-3)
    conv.weight.data[..., 100:109] = 1.0
    assert found(nn.Sequential(conv, nn.ReLU()))[0].field == 9
    conv.weight.data.fill_(1.0)
    assert found(nn.Sequential(conv, nn.ReLU()))[0].field == 201


def test_weights_that_are_not_there_are_named():
    with pytest.raises(InputError, match=r"0\.weight of Sequential are not there yet"):
        waves(nn.Sequential(nn.LazyConv1d(2, 9)))
    with pytest.raises(InputError, match="not there yet"):
        waves(nn.Sequential(nn.Conv1d(1, 2, 9)).to("meta"))


@pytest.mark.parametrize("precision", [torch.float64, torch.bfloat16])
def test_networks_are_fed_in_their_own_precision(precision):
    net = nn.Sequential(nn.Conv1d(1, 2, 9), nn.ReLU()).to(precision)
    assert waves(net)[0].dtype == np.float32


def test_transposed_convolutions_are_filters_too():
    """Of taps [input, filter] in groups; a pulse comes out as the filter's taps."""
    conv = nn.ConvTranspose1d(4, 6, 5, groups=2, bias=False)
    layer = found(nn.Sequential(nn.Conv1d(1, 4, 1), conv, nn.ReLU()))[1]
    assert (layer.kind, layer.filters, layer.weights.shape) == ("convtranspose1d", 6, (6, 2, 5))
    pulse = torch.zeros(1, 4, 1)
    pulse[0, 3] = 1  # the second input of the second group
    torch.testing.assert_close(conv(pulse)[0, 3:], layer.weights[3:, 1])


@pytest.mark.parametrize("net", [nn.Identity(), nn.AdaptiveAvgPool1d(2)])
def test_outputs_must_be_those_that_are_named(net):
    conv = nn.Sequential(nn.Conv1d(1, 4, 9), nn.ReLU(), net)
    with pytest.raises(InputError, match=r"not \[batch, 3\]"):
        waves(conv, outputs=("a", "b", "c"))
    twice = nn.Sequential(conv, _Twice())
    with pytest.raises(InputError, match="gives tuple"):
        waves(twice, outputs=("a", "b"))
    assert len(waves(twice)) == 1


class _Twice(nn.Module):
    def forward(self, x):
        return x, x


def test_priors_are_told():
    subject = Subject(
        model=nn.Sequential(nn.Conv1d(1, 2, 9), nn.ReLU()), rate_hz=RATE_HZ, channels=1, rms=1.0
    )
    climbing = Climbing(tv=0.3, most=4)
    notes = explain(subject, options=Options(seeds=1, samples=256, climbing=climbing)).notes
    assert ["low frequencies" in note for note in notes] == [True]


def test_unasked_as_many_filters_as_some_effort_allows_and_outputs_first(monkeypatch):
    layers_ = [nn.Conv1d(1, 40, 9), nn.ReLU(), nn.Conv1d(40, 12, 9)]
    net = nn.Sequential(*layers_, nn.AdaptiveAvgPool1d(1), nn.Flatten())
    names = tuple("abcdefghijkl")
    subject = Subject(model=net, rate_hz=RATE_HZ, channels=1, rms=1.0, outputs=names)

    def counts(**options):
        options = Options(seeds=1, samples=256, contrasts=(("a", "b"),), **options)
        return [len(job.index) for job in planned(subject, options, found(net))]

    assert counts() == counts(filters="all") == [40, 12, 13]
    assert counts(filters=3) == [3, 3, 4]
    outputs = planned(subject, Options(seeds=1, samples=256), found(net))[-1]
    monkeypatch.setattr(plan, "EFFORT", 2 * 13 * outputs.bytes)
    assert counts()[-1] == 13
    monkeypatch.setattr(plan, "EFFORT", 1)
    assert counts() == [plan.FEW, plan.FEW, plan.FEW + 1]
    whole = explain(subject, options=Options(seeds=1, samples=256, climbing=Climbing(most=1)))
    assert "--filters all" in whole.notes[0]
    assert [layer.total for layer in whole.layers] == [40, 12, 12]


def test_one_pass_of_tones_serves_all_layers():
    """A layer is answered for as if it were alone, and its time told."""
    net = nn.Sequential(nn.Conv1d(1, 4, 9), nn.ReLU(), nn.Conv1d(4, 3, 5, stride=3), nn.ReLU())
    subject = Subject(model=net, rate_hz=RATE_HZ, channels=1, rms=1.0)
    both, alone = (
        explain(subject, options=Options(seeds=1, samples=256, layers=names, precision="float32"))
        for names in (None, ("2",))
    )
    np.testing.assert_allclose(both["2"].tones, alone["2"].tones, rtol=1e-5)
    assert both["0"].tones.shape == (4, len(both["0"].tone_hz))
    assert all(layer.seconds > 0 for layer in both.layers)


def test_answers_that_are_not_finite_are_named():
    net = nn.Sequential(nn.Conv1d(1, 2, 9), nn.ReLU(), nn.Conv1d(2, 2, 9), nn.ReLU())
    subject = Subject(model=net, rate_hz=RATE_HZ, channels=1, rms=1e37)
    with pytest.raises(NotFiniteError, match=r"explain\(rms=1e\+37\)"):
        explain(subject, options=FEW)


def test_the_batch_is_chosen_by_what_waveforms_take_not_weights():
    def bytes_of(kernel):
        conv = nn.Conv1d(64, 64, kernel, padding=kernel // 2)
        net = nn.Sequential(nn.Conv1d(1, 64, 1), conv, nn.ReLU())
        subject = Subject(model=net, rate_hz=RATE_HZ, channels=1, rms=1.0)
        jobs = planned(subject, FEW, found(net))
        return [job.bytes for job in jobs]

    assert bytes_of(3) == bytes_of(33)
    assert bytes_of(3)[1] >= 64 * 256 * 4
