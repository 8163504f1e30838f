"""The published InceptionTime's modules, by layers and by rows: one function."""

import copy
import json

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ondes.errors import InputError
from ondes.nn import inception_rows
from ondes.nn.inception_stage import Inception, InceptionStage
from ondes.nn.ragged import Ragged
from ondes.ops.convolution import choice, probe, store
from ondes.ops.convolve import fixed


def noise(*shape: int) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(1))


def stage(inputs: int, *, kernels=(9, 5, 3), residual=True, modules=3, dims=1) -> InceptionStage:
    """Return a stage whose norms are as training may leave them."""
    made = InceptionStage(
        dims, inputs, modules=modules, filters=4, kernels=kernels, residual=residual
    )
    with torch.random.fork_rng():
        torch.manual_seed(0)
        for module in made.modules():
            if isinstance(module, nn.BatchNorm1d):
                for value in (module.weight, module.bias, module.running_mean):
                    nn.init.normal_(value)
                nn.init.uniform_(module.running_var, 0.5, 2)
    return made


STAGES = [
    (1, {}),
    (3, {}),
    (16, {}),
    (3, {"residual": False, "modules": 2}),
    (3, {"kernels": (8,)}),
]


LENGTHS = torch.tensor([40, 25, 1, 39])


def within(x: Tensor, lengths: Tensor | None = LENGTHS) -> Tensor:
    return Ragged(x, lengths).filled()


@pytest.mark.parametrize("lengths", [None, LENGTHS])
@pytest.mark.parametrize(("inputs", "options"), STAGES)
def test_rows_learn_what_layers_learn(inputs, options, lengths):
    by_layers = stage(inputs, **options).double()
    by_rows = copy.deepcopy(by_layers)
    x = within(noise(4, inputs, 40), lengths).double().requires_grad_()
    expected = by_layers.layers(Ragged(x, lengths)).filled()
    ours = inception_rows.run(by_rows, x, lengths=lengths)
    torch.testing.assert_close(ours, expected)
    slope = torch.randn_like(expected)
    theirs = torch.autograd.grad(expected, [x, *by_layers.parameters()], slope)
    found = torch.autograd.grad(ours, [x, *by_rows.parameters()], slope)
    torch.testing.assert_close(found, theirs)
    torch.testing.assert_close(list(by_rows.buffers()), list(by_layers.buffers()))


@pytest.mark.parametrize(("inputs", "options"), STAGES)
def test_in_evaluation_norms_go_into_weights(inputs, options):
    module = stage(inputs, **options).eval()
    x = noise(3, inputs, 50)
    exact = copy.deepcopy(module).double().layers(Ragged(x.double())).values
    with torch.no_grad():
        single = inception_rows.run(module, x)
        with torch.autocast("cpu", torch.bfloat16):
            half = inception_rows.run(module, x)
    assert (single - exact).abs().max() < 1e-5 * exact.abs().max()
    assert half.dtype == torch.bfloat16
    assert (half - exact).abs().max() < 3e-2 * exact.abs().max()
    with_gradients = inception_rows.run(module, x)
    torch.testing.assert_close(with_gradients, single, rtol=1e-4, atol=1e-5)


def test_a_module_is_figure_2_of_the_paper():
    module = Inception(1, 6, filters=4, kernels=(9, 5)).eval()
    x = noise(2, 6, 30)
    narrow = F.conv1d(x, module.narrow)
    branches = [F.conv1d(narrow, w, padding=w.shape[-1] // 2) for w in module.long]
    branches.append(F.conv1d(F.max_pool1d(x, 3, 1, 1), module.beside))
    expected = torch.relu(module.norm(torch.cat(branches, 1)))
    torch.testing.assert_close(module(Ragged(x)).values, expected)


def test_a_stage_adds_its_shortcut():
    for inputs in (3, 16):
        module = stage(inputs).eval()
        x = Ragged(noise(2, inputs, 30))
        y = x
        for block in module.blocks:
            y = block(y)
        expected = torch.relu(y.values + module.shortcut(x).values)
        torch.testing.assert_close(module(x).values, expected)


@pytest.mark.parametrize(("inputs", "options"), STAGES)
def test_rows_of_unequal_length_are_answered_as_by_layers(inputs, options, monkeypatch):
    module, x = stage(inputs, **options).eval(), noise(4, inputs, 40)
    x[1, :, 25:] = 100  # means nothing
    exact = copy.deepcopy(module).double().layers(Ragged(x.double(), LENGTHS)).filled()
    monkeypatch.setattr(inception_rows, "VALUES", 2 * 40 * module.outputs)  # two at a time
    with torch.no_grad():
        single = within(inception_rows.run(module, x, lengths=LENGTHS))
        with torch.autocast("cpu", torch.bfloat16):
            half = within(inception_rows.run(module, x, lengths=LENGTHS))
    assert (single - exact).abs().max() < 1e-5 * exact.abs().max()
    assert (half - exact).abs().max() < 3e-2 * exact.abs().max()


@pytest.mark.parametrize("way", ["last", "direct"])
def test_what_follows_an_item_does_not_matter(way):
    module = stage(3).eval()
    x, lengths = noise(2, 3, 40), torch.tensor([40, 25])
    with fixed(way), torch.no_grad():
        together = module(Ragged(x, lengths)).values[1, :, :25]
        alone = module(Ragged(x[1:, :, :25])).values[0]
    torch.testing.assert_close(together, alone, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(("name", "by_rows"), [("last", True), ("direct", False), ("fft", False)])
def test_a_kernel_that_is_fixed_decides(name, by_rows):
    with fixed(name):
        assert inception_rows.suits(stage(3), noise(2, 3, 40)) == by_rows


def test_images_and_double_precision_are_left_to_layers():
    with fixed("last"):
        assert not inception_rows.suits(stage(3, dims=2), noise(2, 3, 8, 40))
        assert not inception_rows.suits(stage(3).double(), noise(2, 3, 40).double())


@pytest.fixture
def cache(monkeypatch, tmp_path):
    monkeypatch.delenv(choice.VARIABLE)
    monkeypatch.setattr(store, "path", lambda: tmp_path / "convolution.json")
    choice._preferences.clear()
    yield store.path()
    choice._preferences.clear()


def test_a_probe_decides_once_without_a_trace_and_its_choice_is_kept(cache, monkeypatch):
    module, x = stage(3), noise(2, 3, 40)
    before, state = copy.deepcopy(module.state_dict()), torch.get_rng_state()
    suits = inception_rows.suits(module, x)
    torch.testing.assert_close(module.state_dict(), before)
    assert all(parameter.grad is None for parameter in module.parameters())
    assert torch.equal(torch.get_rng_state(), state)
    (kept,) = json.loads(cache.read_text()).values()
    chosen = [way for key, way in kept.items() if key.startswith("inception 3 to 16 channels")]
    assert chosen == [inception_rows.ROWS if suits else inception_rows.LAYERS]
    choice._preferences.clear()
    monkeypatch.setattr(probe, "quickest", lambda calls: 1 / 0)
    assert inception_rows.suits(module, x) == suits


def test_without_gradients_the_number_of_items_decides_nothing(cache, monkeypatch):
    turns = iter([1, 0])
    monkeypatch.setattr(probe, "quickest", lambda calls: next(turns))
    module = stage(3).eval()
    with torch.no_grad():
        assert all(inception_rows.suits(module, noise(n, 3, 40)) for n in (1, 2, 50))
    assert not inception_rows.suits(module, noise(1, 3, 40))


def test_who_listens_to_a_layer_hears_it():
    module, heard = stage(3), []
    module.blocks[1].register_forward_hook(lambda *_: heard.append(1))
    with fixed("last"):
        module(Ragged(noise(2, 3, 40)))
    assert heard == [1]


def test_one_value_alone_has_no_variance_by_rows_either():
    with fixed("last"), pytest.raises(InputError, match="larger batches or longer clips"):
        stage(3)(Ragged(noise(1, 3, 1)))
