"""Layers of networks as they are built in the wild, and what is said of each."""

import numpy as np
import pytest
import torch
from torch import nn

from ondes.errors import InputError
from ondes.tasks.explain import Options, Subject, explain, layers
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
    from ondes.tasks.explain import Climbing

    subject = Subject(
        model=nn.Sequential(nn.Conv1d(1, 2, 9), nn.ReLU()), rate_hz=RATE_HZ, channels=1, rms=1.0
    )
    climbing = Climbing(tv=0.3, most=4)
    notes = explain(subject, options=Options(seeds=1, samples=256, climbing=climbing)).notes
    assert ["low frequencies" in note for note in notes] == [True]


def test_the_batch_is_chosen_by_what_waveforms_take_not_weights():
    def bytes_of(kernel):
        conv = nn.Conv1d(64, 64, kernel, padding=kernel // 2)
        net = nn.Sequential(nn.Conv1d(1, 64, 1), conv, nn.ReLU())
        subject = Subject(model=net, rate_hz=RATE_HZ, channels=1, rms=1.0)
        jobs = planned(subject, FEW, found(net), most=256)
        return [job.bytes for job in jobs]

    assert bytes_of(3) == bytes_of(33)
    assert bytes_of(3)[1] >= 64 * 256 * 4
