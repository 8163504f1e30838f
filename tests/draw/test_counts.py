"""Parameters, multiply-adds and receptive fields: closed forms, torch's counter, known networks."""

import pytest
import torch
from torch import nn
from torch.nn import functional as F
from torch.utils.flop_counter import FlopCounterMode

from ondes.draw import network
from ondes.draw.images import backbone
from ondes.models import build


class Alike(nn.Module):
    """What torch's counter knows: convolutions of all kinds, dense layers, products."""

    def __init__(self):
        super().__init__()
        self.convs = nn.Sequential(
            nn.Conv1d(4, 8, 7, stride=2, padding=3),
            nn.Conv1d(8, 8, 3, groups=8, dilation=2),
            nn.Conv1d(8, 12, 5, groups=4, padding="same"),
            nn.ConvTranspose1d(12, 6, 4, stride=2),
        )
        self.plane = nn.Conv2d(1, 5, (3, 5), stride=(1, 2))
        self.dense = nn.Linear(6, 16)
        self.matrix = nn.Parameter(torch.ones(16, 9))

    def forward(self, x):
        y = self.convs(x)
        z = self.plane(y.unsqueeze(1)).mean((1, 2))
        rows = self.dense(y.transpose(1, 2))
        return torch.bmm(rows, rows.transpose(1, 2)) @ rows @ self.matrix, z


@pytest.mark.parametrize("batch", [1, 3])
def test_multiply_adds_are_half_of_what_torch_counts(batch):
    net = Alike().eval()
    x = torch.zeros(batch, 4, 64)
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        net(x)
    assert 2 * network(net, x).multiply_adds * batch == counter.get_total_flops()


class Attending(nn.Module):
    def forward(self, x):
        return F.scaled_dot_product_attention(x, x[:, :10], x[:, :10])


def test_attention_multiplies_twice():
    assert network(Attending(), (1, 40, 16)).multiply_adds == 2 * 40 * 10 * 16


def test_a_recurrence_uses_every_weight_once_a_step():
    net = nn.LSTM(3, 5, batch_first=True)
    graph = network(net, (1, 40, 3))
    assert graph.multiply_adds == 40 * (4 * 5 * 3 + 4 * 5 * 5)
    assert graph.receptive_field is None


def alexnet():
    """AlexNet of one tower, as torchvision has it."""
    sizes = [(3, 64, 11, 4, 2), (64, 192, 5, 1, 2), (192, 384, 3, 1, 1)]
    sizes += [(384, 256, 3, 1, 1), (256, 256, 3, 1, 1)]
    parts = []
    for place, (inputs, outputs, kernel, stride, padding) in enumerate(sizes):
        parts += [nn.Conv2d(inputs, outputs, kernel, stride, padding), nn.ReLU()]
        parts += [nn.MaxPool2d(3, 2)] if place in (0, 1, 4) else []
    parts += [nn.AdaptiveAvgPool2d(6), nn.Flatten(), nn.Dropout(), nn.Linear(9216, 4096)]
    parts += [nn.ReLU(), nn.Dropout(), nn.Linear(4096, 4096), nn.ReLU(), nn.Linear(4096, 1000)]
    return nn.Sequential(*parts)


def test_alexnet_as_published():
    with torch.device("meta"):
        graph = network(alexnet(), torch.zeros(1, 3, 224, 224))
    assert (graph.parameters, graph.multiply_adds) == (61_100_840, 714_188_480)
    assert sum(graph.parameters_of(layer) for layer in graph.layers) == graph.parameters
    assert graph.local_field == 195  # Araujo et al. 2019, "Computing receptive fields", table 1


@pytest.mark.parametrize(
    ("name", "options", "parameters", "multiply_adds"),
    [
        # torchvision's model cards: GFLOPS of multiply-adds at 224 x 224
        ("resnet", {"layers": 50}, 25_557_032, 4.09e9),
        ("vgg", {}, None, 15.47e9),
        ("efficientnet", {}, 5_288_548, 0.39e9),
    ],
)
def test_known_networks(name, options, parameters, multiply_adds):
    net = backbone(name, options, channels=3, outputs=1000)
    graph = network(net, (1, 3, 224, 224))
    assert graph.multiply_adds == pytest.approx(multiply_adds, rel=0.015)
    assert parameters in (None, graph.parameters)


def seen_by(net, x, frame):
    """Count the samples on which an output frame depends, by its gradient."""
    x = x.clone().requires_grad_()
    net(x)[..., frame].sum().backward()
    touched = x.grad.abs().sum((0, 1)).nonzero()
    return int(touched.max() - touched.min()) + 1


def stacks():
    torch.manual_seed(1)
    yield nn.Sequential(nn.Conv1d(1, 4, 7, 2, 3), nn.Conv1d(4, 4, 3, dilation=4, padding=4))
    yield nn.Sequential(nn.AvgPool1d(4), nn.Conv1d(1, 3, 5, stride=3), nn.Conv1d(3, 3, 2))
    yield nn.Sequential(nn.Conv1d(1, 2, 9, padding="same"), nn.AvgPool1d(3, 2, 1), nn.Tanh())
    yield nn.Sequential(nn.ConstantPad1d((5, 1), 0), nn.Conv1d(1, 2, 7), nn.Conv1d(2, 2, 1, 4))


@pytest.mark.parametrize("net", list(stacks()))
def test_a_field_is_the_one_that_gradients_reach(net):
    x = torch.randn(1, 1, 200)
    frame = net(x).shape[-1] // 2
    assert network(net, x).receptive_field == seen_by(net, x, frame)


class Rows(nn.Module):
    """Windows as rows, along an axis that is not the last, put together and cut again."""

    def __init__(self):
        super().__init__()
        self.look = nn.Conv1d(16, 4, 3, padding=1)

    def forward(self, x):
        rows = x.reshape(1, -1, 16).transpose(1, 2)
        y = torch.tanh(self.look(rows)).transpose(1, 2)
        whole = y.reshape(1, -1) * 2.0
        return whole.reshape(1, -1, 4).transpose(1, 2)


def test_time_is_followed_through_reshapes():
    x = torch.randn(1, 1, 160)
    assert network(Rows(), x).receptive_field == seen_by(Rows(), x, 5) == 48


@pytest.mark.parametrize(
    ("name", "options", "more"),
    [
        ("inception_time", {"size": "small"}, 0),
        ("inception_time", {"size": "big"}, 0),
        ("spec2map", {}, 1),  # the first sample of its window weighs nothing
        ("harmonic", {}, 1),
    ],
)
def test_fields_are_those_that_architectures_declare(name, options, more):
    classes = ("C4", "C#4", "D4")
    net = build(name, options, rate_hz=24_000, channels=1, classes=classes)
    group = net.spec.step * net.spec.hop
    graph = network(net, (1, 1, 8 * group))
    assert graph.receptive_field == net.spec.look_back + group + net.spec.look_ahead + more


def test_what_sees_a_mean_over_time_sees_everything():
    net = nn.Sequential(nn.Conv1d(1, 4, 9), nn.AdaptiveAvgPool1d(1), nn.Flatten(), nn.Linear(4, 2))
    graph = network(net, (1, 1, 50))
    assert (graph.receptive_field, graph.local_field) == (None, 9)


class Aside(nn.Module):
    def __init__(self):
        super().__init__()
        self.used, self.aside = nn.Conv1d(1, 4, 3, bias=False), nn.Linear(10, 10)

    def forward(self, x):
        return self.used(x)


def test_parameters_that_are_not_in_use_are_told():
    graph = network(Aside(), (1, 1, 8))
    assert (graph.parameters, graph.unused) == (12 + 110, 110)
    assert "110 of the parameters are not in use" in graph.summary()
