"""What is drawn: the symbols of the thesis's notation, and what is left out."""

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from ondes.draw import network
from ondes.draw.nest import Fork, Leaf, Repeat, Tangle, leaves
from ondes.errors import InputError


def signs(graph):
    """Return each layer as its title, core and the letters of its circles."""
    return [
        (one.title, one.core, "".join(c for c, _ in one.before), "".join(c for c, _ in one.after))
        for one in graph.layers
    ]


def test_circles_stand_beside_their_convolution_in_order():
    net = nn.Sequential(nn.Conv1d(1, 8, 9, stride=2), nn.BatchNorm1d(8), nn.ReLU())
    assert signs(network(net, (1, 1, 40))) == [("input", "", "", ""), ("conv 8", "9 /2", "", "BR")]


class Functional(nn.Module):
    """The same by functions, with noise between that is not drawn."""

    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(8, 1, 9))

    def forward(self, x):
        y = F.conv1d(F.pad(x, (4, 4)), self.weight).unsqueeze(2).squeeze(2)
        return torch.cat([F.mish(y), torch.tanh(y)], dim=1).transpose(1, 2).contiguous()


def test_functions_are_seen_and_noise_is_not():
    graph = network(Functional(), (1, 1, 40))
    assert signs(graph)[1:] == [
        ("conv 8", "9", "", ""),
        ("", "", "", "M"),
        ("", "", "", "T"),
        ("Concat", "", "", ""),
    ]
    assert graph.layers[-1].inputs == (2, 3)
    assert [shape for shape, _ in graph.ends] == [(40, 16)]


class Residual(nn.Module):
    def __init__(self, *, before):
        super().__init__()
        self.before = before
        self.norm = nn.BatchNorm1d(8)
        self.look = nn.Conv1d(8, 8, 3, padding=1)

    def forward(self, x):
        if self.before:
            return x + self.look(F.relu(self.norm(x)))
        return F.relu(x + self.norm(self.look(x)))


def test_what_is_applied_before_a_convolution_stands_before_it():
    net = nn.Sequential(nn.Conv1d(1, 8, 1), Residual(before=True))
    assert signs(network(net, (1, 1, 40)))[2:] == [("conv 8", "3", "BR", ""), ("Add", "", "", "")]


def test_repeated_cells_are_bracketed_and_a_shortcut_is_an_empty_branch():
    net = nn.Sequential(nn.Conv1d(1, 8, 1), *(Residual(before=False) for _ in range(4)))
    graph = network(net, (1, 1, 40))
    *_, repeat = graph.nested
    assert isinstance(repeat, Repeat)
    assert repeat.count == 4
    fork, join = repeat.body
    assert isinstance(fork, Fork)
    assert fork.branches == ((Leaf((2, 4, 6, 8)),), ())
    assert join == Leaf((3, 5, 7, 9))
    assert "×4" in graph.svg()


class Branches(nn.Module):
    def __init__(self):
        super().__init__()
        self.a, self.b, self.c = (
            nn.Conv1d(1, 2, 1),
            nn.Conv1d(1, 3, 3, padding=1),
            nn.Conv1d(3, 4, 1),
        )

    def forward(self, x):
        return torch.cat([F.max_pool1d(x, 3, 1, 1), self.c(self.b(x)), self.a(x)], dim=1)


def test_branches_stand_in_the_order_of_concatenation():
    graph = network(Branches(), (1, 1, 40))
    fork = next(item for item in graph.nested if isinstance(item, Fork))
    titles = [[graph.layers[place].title for place in leaves(one)] for one in fork.branches]
    assert titles == [["max"], ["conv 3", "conv 4"], ["conv 2"]]


class Twice(nn.Module):
    def forward(self, x):
        a, b, c = torch.tanh(x), torch.relu(x), torch.sigmoid(x)
        return torch.cat([torch.cat([a, b], 1), c], 1)


def test_a_concatenation_within_another_is_one():
    graph = network(Twice(), (1, 2, 40))
    assert [one.title for one in graph.layers].count("Concat") == 1
    assert len(graph.layers[-1].inputs) == 3


class DenselyLinked(nn.Module):
    def __init__(self):
        super().__init__()
        self.convs = nn.ModuleList(nn.Conv1d(k, 4, 3, padding=1) for k in (4, 8, 12))

    def forward(self, x):
        found = [x]
        for conv in self.convs:
            found.append(conv(torch.cat(found, 1)))
        return torch.cat(found, 1)


def test_links_that_are_no_branches_are_drawn_too():
    graph = network(DenselyLinked(), (1, 4, 40))
    fork = next(item for item in graph.nested if isinstance(item, Fork))
    tangle = fork.branches[0][0]
    assert isinstance(tangle, Tangle)
    drawn = {(tangle.layers[b], a) for a, b in tangle.links if 0 <= b < len(tangle.layers)}
    wanted = {
        (place, tangle.layers.index(s) if s in tangle.layers else -1)
        for place in tangle.layers
        for s in graph.layers[place].inputs
    }
    assert drawn == wanted


class Pooled(nn.Module):
    def forward(self, x):
        windows = F.selu(x).unfold(-1, 4, 4)
        return windows.max(-1).values


def test_windows_that_are_reduced_are_a_pooling():
    assert signs(network(Pooled(), (1, 2, 40)))[1:] == [("max", "4 /4", "SE", "")]


class Masked(nn.Module):
    """Silence counts for nothing: what follows from comparisons alone is no layer."""

    def __init__(self):
        super().__init__()
        self.look = nn.Conv1d(1, 2, 3, padding=1)

    def forward(self, x):
        heard = (x.square().mean(1, keepdim=True) > 1e-6).to(x.dtype)
        return self.look(x * heard) * heard


def test_masks_are_not_drawn():
    assert signs(network(Masked(), (1, 1, 40)))[1:] == [("conv 2", "3", "", "")]


class Gated(nn.Module):
    def __init__(self):
        super().__init__()
        self.squeeze, self.excite = nn.Linear(8, 2), nn.Linear(2, 8)

    def forward(self, x):
        return x * torch.sigmoid(self.excite(F.silu(self.squeeze(x.mean(-1)))))[..., None]


def test_a_gate_stands_beside_what_it_scales():
    graph = network(nn.Sequential(nn.Conv1d(1, 8, 1), Gated()), (1, 1, 40))
    fork = next(item for item in graph.nested if isinstance(item, Fork))
    assert fork.gates
    assert [one[:2] for one in signs(graph)[2:]] == [
        ("glob avg", ""),
        ("dense", "2"),
        ("dense", "8"),
        ("Multiply", ""),
    ]


class Arithmetic(nn.Module):
    def forward(self, x):
        power = torch.fft.rfft(x.unfold(-1, 8, 4)).abs().square()
        return torch.log(power + 1e-6).squeeze(1).transpose(1, 2)


def test_modules_of_arithmetic_become_one_box():
    net = nn.Sequential(Arithmetic(), nn.Conv1d(5, 2, 1))
    _, box, conv = network(net, (1, 1, 40)).layers
    assert (box.kind, box.title, box.core) == ("cell", "Arithmetic", "FFT · log · abs")
    assert box.reach.size == 8
    assert conv.title == "conv 2"


def test_depth_folds_what_lies_deeper():
    inner = nn.Sequential(nn.Conv1d(4, 4, 3), nn.ReLU(), nn.Conv1d(4, 4, 3))
    net = nn.Sequential(nn.Conv1d(1, 4, 1), inner)
    graph = network(net, (1, 1, 40), depth=1)
    assert [one.title for one in graph.layers] == ["input", "conv 4", "Sequential"]
    assert graph.multiply_adds == network(net, (1, 1, 40)).multiply_adds
    assert graph.layers[-1].multiply_adds == 4 * 4 * 3 * (38 + 36)


class Deciding(nn.Module):
    def __init__(self):
        super().__init__()
        self.first, self.second = nn.Conv1d(1, 4, 3, padding=1), nn.Conv1d(4, 4, 5, padding=2)

    def forward(self, x):
        y = self.first(x)
        return self.second(y) if y.sum() > -1e9 else y


def test_what_decides_by_values_is_drawn_by_its_calls_and_said_so(capsys):
    graph = network(Deciding(), (1, 1, 40))
    assert signs(graph)[1:] == [("conv 4", "3", "", ""), ("conv 4", "5", "", "")]
    assert graph.receptive_field == 7
    assert graph.multiply_adds == 40 * 4 * (3 + 4 * 5)
    assert "torch.where" in graph.note
    assert "torch.export fails" in graph.svg()
    assert capsys.readouterr() == ("", "")


class Silent(nn.Module):
    def forward(self, x):
        return x * float(x.sum())


def test_what_cannot_be_traced_at_all_is_refused():
    with pytest.raises(InputError, match=r"cannot be traced .*torch\.where"):
        network(Silent(), (1, 1, 40))


def test_inputs_that_do_not_fit_are_refused_with_the_shape():
    net = nn.Conv1d(2, 4, 3)
    with pytest.raises(InputError, match=r"\[1, 3, 40\].*2 channels"):
        network(net, (1, 3, 40))
    for wrong in ("3x4", (1, -1, 4), (), 7):
        with pytest.raises(InputError, match="give a tensor"):
            network(net, wrong)
    with pytest.raises(InputError, match="depth=0"):
        network(net, (1, 2, 40), depth=0)


def test_a_module_is_left_as_it_was():
    net = nn.Sequential(nn.Conv1d(1, 4, 3), nn.BatchNorm1d(4), nn.Dropout())
    net[1].eval()
    before = {name: value.clone() for name, value in net.state_dict().items()}
    network(net, (2, 1, 40))
    assert [part.training for part in (net, *net)] == [True, True, False, True]
    assert all(torch.equal(value, before[name]) for name, value in net.state_dict().items())


class Two(nn.Module):
    def __init__(self):
        super().__init__()
        self.a, self.b = nn.Conv1d(1, 4, 3), nn.Conv1d(2, 4, 3)

    def forward(self, x, y):
        both = self.a(x) + self.b(y)
        return both, both.amax(-1)


def test_several_inputs_and_outputs():
    graph = network(Two(), (torch.zeros(1, 1, 9), torch.zeros(1, 2, 9)))
    assert sorted(leaves(graph.nested)) == list(range(len(graph.layers)))
    assert [shape for shape, _ in graph.ends] == [(4, 7), (4,)]
    assert "4×7 and 4" in graph.svg()
