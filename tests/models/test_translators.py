"""Translators and critics: the papers' sizes, any size of input, single or in batches, ONNX."""

import math

import numpy as np
import onnxruntime
import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import nn

from ondes.errors import ChannelError, InputError, NotFiniteError, RateError, RecipeError
from ondes.losses import judged_as, l1, texture, uncertain_l1
from ondes.models import translators
from ondes.nn import critic as critics
from ondes.nn import unet
from ondes.nn.critic import PatchCritic
from ondes.nn.export import to_onnx
from ondes.nn.mirror import cropped, mirrored
from ondes.nn.selection import Selection, magnified
from ondes.nn.translator import Exportable
from ondes.signal import Signal
from ondes.spec import TranslatorSpec
from ondes.testing import check_model
from ondes.testing import translators as battery
from ondes.testing.gradients import require_gradients

SIZES = [(48,), (12, 20)]
TINY = {"width": 4, "depth": 3, "dropout": 0.0}


def build(name, size, options=None, *, channels=2, outputs=("old",)):
    torch.manual_seed(0)
    options = TINY | (options or {})
    return translators.build(
        name, options, rate_hz=50, channels=channels, outputs=outputs, size=size
    ).eval()


def lively(net):
    """Return the network with weights that make results of the size of what is translated."""
    for parameter in net.parameters():
        if parameter.ndim > 1:
            nn.init.kaiming_normal_(parameter)
    return net


each = pytest.mark.parametrize("name", translators.names())
sized = pytest.mark.parametrize("size", SIZES)


def count(*modules):
    return sum(p.numel() for module in modules for p in module.parameters())


def test_the_u_net_has_as_many_parameters_as_pix2pix():
    # 54.414 M is what the authors' pytorch-CycleGAN-and-pix2pix prints for unet_256, 3 to 3
    with torch.device("meta"):
        net = translators.build(
            "pix2pix", {"width": 64}, rate_hz=1, channels=3, outputs=tuple("rgb"), size=(256, 256)
        )
    assert net.depth == 8
    assert round(count(net) / 1e6, 3) == 54.414


def test_the_critic_has_as_many_parameters_as_pix2pix():
    # 2.769 M is what the same code prints for its basic critic, which sees the input too
    config = critics.Config(width=64, spectral=False, norm="batch")
    with torch.device("meta"):
        assert round(count(PatchCritic(config, dims=2, inputs=6)) / 1e6, 3) == 2.769


def test_ablations_add_gates_and_leave_convolutions():
    def shapes(options):
        net = build("pix2pix", (64, 64), options)
        return [m.weight.shape for m in net.modules() if isinstance(m, nn.Conv2d)]

    assert shapes({}) == shapes({"gate": True}) == shapes({"norm": "instance"})
    gates = [m for m in build("pix2pix", (64,), {"gate": True}).modules() if type(m) is unet.Gated]
    assert len(gates) == 5  # three down, two up; the last layer makes the result
    norms = build("sig2sig", (64,)).modules()
    assert not any(isinstance(m, nn.BatchNorm1d) for m in norms)


@sized
def test_gates_behind_an_instance_norm_still_see_the_input(size):
    net = build("sig2sig", size)
    gates = [m.gate for m in net.modules() if type(m) is unet.Gated]
    opened = []
    for gate in gates:
        weight = gate.weight
        gate.weight = lambda x, weight=weight: opened.append(weight(x)) or opened[-1]
        nn.init.normal_(gate.squeeze.weight)
        nn.init.normal_(gate.excite.weight)
    net(torch.randn(2, 2, *size) * torch.tensor([1.0, 5.0]).view(2, *[1] * (1 + len(size))))
    assert len(opened) == 6
    assert all((one - other).abs().max() > 1e-6 for one, other in opened)


def test_the_three_deepest_levels_up_leave_values_out():
    net = build("pix2pix", (256,), {"depth": 6, "dropout": 0.5})
    dropped = [any(isinstance(m, nn.Dropout) for m in up.modules()) for up in net.body.unet.ups]
    assert dropped == [True, True, True, False, False]


@each
@sized
@pytest.mark.parametrize("n", [1, 7, 33, 64])
def test_any_size_comes_out_as_it_went_in(name, size, n):
    net = build(name, size)
    made = net(torch.randn(2, 2, *size[:-1], n))
    full = (*size[:-1], n)
    assert made.result.shape == made.coarse.shape == (2, 1, *full)
    if name == "sig2sig":
        assert made.attention.shape == (2, 10, *full)
        assert made.log_uncertainty.shape == (2, 1, *full)
        torch.testing.assert_close(made.attention.sum(1), torch.ones(2, *full))
        assert made.log_uncertainty.max() <= 0
        assert made.log_uncertainty.min() >= math.log(0.05) - 1e-6
        assert made.result.abs().max() <= 1
    else:
        assert made.attention is None
        assert made.log_uncertainty is None


@each
@sized
def test_a_batch_gives_what_its_items_give_alone(name, size):
    net = lively(build(name, size))
    x = torch.randn(3, 2, *size)
    with torch.no_grad():
        alone = torch.cat([net(item[None]).result for item in x])
        torch.testing.assert_close(net(x).result, alone, atol=1e-5, rtol=1e-4)


@each
@sized
def test_slopes_reach_every_parameter(name, size):
    net = build(name, size).train()
    x, y = torch.randn(3, 2, *size), torch.randn(3, 1, *size)

    def loss():
        made = net(x)
        total = l1(made.result, y) + l1(made.coarse, y) + texture(made.result, y)
        if made.log_uncertainty is not None:
            total = total + uncertain_l1(made.result, y, made.log_uncertainty)
        return total

    require_gradients(net, loss)


@each
def test_saved_weights_give_the_same(name, tmp_path):
    net, other = build(name, (12, 20)), build(name, (12, 20))
    for parameter in other.parameters():
        nn.init.zeros_(parameter)
    save_file(net.state_dict(), tmp_path / "w.safetensors")
    other.load_state_dict(load_file(tmp_path / "w.safetensors"))
    x = torch.randn(1, 2, 12, 20)
    assert torch.equal(net(x).result, other(x).result)


def test_the_public_battery_passes():
    check_model(lively(build("residual", (48,), {"depth": 1})))
    for check in battery.CHECKS[:-1]:  # ONNX has its own test below
        check(lively(build("sig2sig", (12, 20))))


def test_the_public_battery_finds_what_is_wrong():
    class Leaking(nn.Module):
        def __init__(self, net):
            super().__init__()
            self.net, self.spec = net, net.spec

        def forward(self, x):
            made = self.net(x)
            return made._replace(result=made.result + x.mean())

    class Short(Leaking):
        def forward(self, x):
            made = self.net(x)
            return made._replace(result=made.result[..., 1:])

    net = build("residual", (48,), {"depth": 2})
    with pytest.raises(AssertionError, match="items one by one"):
        check_model(Leaking(net))
    with pytest.raises(AssertionError, match="a result of shape"):
        check_model(Short(net))


@pytest.mark.parametrize(
    ("name", "size"), [("sig2sig", (48,)), ("pix2pix", (12, 20)), ("texture", (48,))]
)
def test_onnx_gives_the_same_at_three_lengths(name, size, tmp_path):
    net = lively(build(name, size, {"depth": 2}))
    besides = ("log_uncertainty",) if name == "sig2sig" else ()
    besides = ("result", *besides)
    to_onnx(Exportable(net), tmp_path / "net.onnx", output="parts", besides=besides)
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(tmp_path / "net.onnx", options)
    for b, n in ((1, 1), (2, 50), (3, 131)):
        x = torch.randn(b, 2, *size[:-1], n)
        with torch.no_grad():
            expected = net(x)
        parts, result, *rest = session.run(None, {"signal": x.numpy()})
        np.testing.assert_array_equal(parts[:, :1], result)
        np.testing.assert_allclose(result, expected.result, atol=1e-4)
        assert np.abs(result).max() > 0.05
        if rest:
            np.testing.assert_allclose(rest[0], expected.log_uncertainty, atol=1e-4)


def test_few_levels_for_small_examples_are_said():
    net = build("pix2pix", (6, 40), {"depth": 8})
    assert net.depth == 2
    assert net.notes == ("2 levels rather than 8: examples of 6 x 40 cannot be halved more often",)
    assert build("pix2pix", (64, 64)).notes == ()


def test_what_does_not_fit_is_refused():
    net = build("pix2pix", (12, 20))
    with pytest.raises(InputError, match="channel, bin, time"):
        net(torch.zeros(1, 2, 20))
    with pytest.raises(ChannelError, match="3 channels"):
        net(torch.zeros(1, 3, 12, 20))
    with pytest.raises(InputError, match="13 bins"):
        net(torch.zeros(1, 2, 13, 20))
    with pytest.raises(InputError, match="empty"):
        net(torch.zeros(1, 2, 12, 0))
    x = torch.zeros(1, 2, 12, 20)
    x[0, 1, 3, 4] = torch.nan
    with pytest.raises(NotFiniteError, match="1 of 480"):
        net(x)
    with pytest.raises(RecipeError, match="did you mean 'sig2sig'"):
        build("sigsig", (20,))
    with pytest.raises(RecipeError, match="did you mean 'width'"):
        build("sig2sig", (20,), {"widht": 3})
    with pytest.raises(RecipeError, match="powers of 2"):
        build("sig2sig", (20,), {"scales": [3]})
    with pytest.raises(RecipeError, match="odd"):
        build("texture", (20,), {"stretch": 4})


def test_the_spec_knows_rates_and_channels_and_comes_back_from_json():
    spec = TranslatorSpec(50, 1, ("old",), dims=2, bins=128)
    assert TranslatorSpec.from_dict(spec.to_dict()) == spec
    spec.check(Signal(np.zeros((128, 400), np.float32), 50))
    with pytest.raises(RateError):
        spec.check(Signal(np.zeros((128, 400), np.float32), 40))
    with pytest.raises(ChannelError):
        spec.check(Signal(np.zeros((130, 400), np.float32), 50))
    with pytest.raises(InputError, match="bins"):
        TranslatorSpec(50, 1, ("old",), bins=3)


def test_mirrors_are_those_of_numpy():
    x = torch.randn(2, 3, 5, 7)
    wide, before = mirrored(x, 8, axes=2)
    pads = [(0, 0), (0, 0), (1, 2), (0, 1)]
    np.testing.assert_array_equal(wide, np.pad(x, pads, mode="symmetric"))
    assert torch.equal(cropped(wide, (5, 7), before), x)
    lone, _ = mirrored(x[..., :1], 8, axes=1)
    assert torch.equal(lone, x[..., :1].expand(-1, -1, -1, 8))


@sized
def test_selection_is_what_a_loop_chooses(size):
    dims = len(size)
    torch.manual_seed(1)
    net = Selection(dims, features=3, outputs=2, candidates=4, scales=(1, 2, 4), least=0.1)
    coarse, features = torch.randn(2, 2, *size), torch.randn(2, 3, *size)
    chosen = net(coarse, features)
    seen = torch.cat([coarse, features], 1)
    means = [seen]
    for scale in (2, 4):
        pool = nn.AvgPool1d(scale) if dims == 1 else nn.AvgPool2d(scale)
        mode = "linear" if dims == 1 else "bilinear"
        means.append(nn.functional.interpolate(pool(seen), size=size, mode=mode))
    seen = torch.cat([seen * mean for mean in means], 1)
    scores, drawn = net.attend(seen), torch.tanh(net.imagine(seen))
    shares = scores.exp() / scores.exp().sum(1, keepdim=True)
    result = torch.zeros(2, 2, *size)
    doubt = torch.zeros(2, 1, *size)
    for m in range(4):
        for c in range(2):
            result[:, c] += shares[:, m] * drawn[:, 2 * m + c]
        doubt[:, 0] += net.doubt.weight[0, m] * shares[:, m]
    uncertainty = 0.1 + 0.9 / (1 + torch.exp(-doubt - net.doubt.bias))
    torch.testing.assert_close(chosen.attention, shares)
    torch.testing.assert_close(chosen.result, result)
    torch.testing.assert_close(chosen.log_uncertainty, uncertainty.log())


def test_what_is_level_stays_when_it_is_magnified():
    for x in (torch.full((1, 2, 8), 3.0), torch.full((1, 2, 8, 16), 3.0)):
        assert torch.equal(magnified(x, 4), x)


@sized
def test_a_residual_translator_begins_almost_as_none(size):
    x = torch.randn(2, 1, *size)
    for name in ("residual", "texture"):
        made = build(name, size, channels=1)(x).result
        assert (made - x).abs().max() < 0.1
    mixed = build("residual", size, channels=2)
    x = torch.randn(2, 2, *size)
    assert (mixed(x).result - x.mean(1, keepdim=True)).abs().max() < 0.1


def test_louder_texture_is_the_texture_louder():
    net = build("texture", (48,), channels=1)
    nn.init.zeros_(net.body.last[1].weight)
    x = torch.randn(1, 1, 48)
    with torch.no_grad():
        net.body.last[1].bias.copy_(torch.tensor([0.0, math.atanh(math.log(3) / 2)]))
        made = net(x)
    torch.testing.assert_close(made.result - made.coarse, 3 * (x - made.coarse))


@pytest.mark.parametrize("dims", [1, 2])
def test_a_judgement_looks_at_patches_of_70(dims):
    critic = PatchCritic(critics.Config(width=4, spectral=False), dims=dims, inputs=1).eval()
    size = (160,) if dims == 1 else (8, 160)
    x = torch.randn(1, 1, *size, requires_grad=True)
    judged = critic(x)
    assert judged.shape[-1] == 160 // 8 - 2
    judged[..., 9].sum().backward()
    seen = x.grad.abs().flatten(0, -2).amax(0).nonzero().flatten()
    assert int(seen.max() - seen.min()) + 1 == critic.patch == 70


@pytest.mark.parametrize("dims", [1, 2])
def test_spectral_norm_bounds_every_layer(dims):
    torch.manual_seed(0)
    critic = PatchCritic(critics.Config(width=4), dims=dims, inputs=2).train()
    kinds = (nn.Conv1d, nn.Conv2d)
    layers = [m for m in critic.modules() if isinstance(m, kinds)]
    assert len(layers) == 5
    with torch.no_grad():
        for layer in layers:
            layer.parametrizations.weight.original.mul_(50)
    x = torch.randn(1, 2, *[24] * dims)
    for _ in range(60):
        critic(x)
    critic.eval()
    for layer in layers:
        largest = torch.linalg.matrix_norm(layer.weight.flatten(1), 2)
        assert largest.item() == pytest.approx(1, abs=0.02)


def test_a_critic_of_small_or_odd_things_judges_them():
    critic = PatchCritic(critics.Config(width=4), dims=2, inputs=3)
    assert critic(torch.randn(2, 3, 5, 31)).shape == (2, 1, 1, 2)
    assert critic(torch.randn(2, 1, 5, 31), given=torch.randn(2, 2, 5, 31)).shape[1] == 1
    with pytest.raises(ChannelError, match="give what it was made of"):
        critic(torch.randn(2, 1, 5, 31))
    require_gradients(
        critic.train(), lambda: judged_as(critic(torch.randn(2, 3, 9, 31)), real=True)
    )


def test_a_game_is_both_ways_and_their_critics():
    game = translators.build_game(
        "sig2sig",
        TINY,
        {"width": 4},
        rate_hz=50,
        inputs=("new left", "new right"),
        outputs=("old",),
        size=(40,),
    )
    x, y = torch.randn(2, 2, 40), torch.randn(2, 1, 40)
    assert game(x).result.shape == y.shape
    assert game.back(game(x).result).result.shape == x.shape
    assert game.critic_forth(y).shape == game.critic_back(x).shape
    names = [name for name, _ in game.named_parameters()]
    assert all(name.startswith(game.translators + game.critics) for name in names)
    assert game.spec.outputs == ("old",)
    assert game.back.spec.outputs == ("new left", "new right")


def test_pix2pix_goes_one_way_with_a_critic_that_sees_the_input():
    game = translators.build_game(
        "pix2pix",
        TINY,
        {"width": 4, "spectral": False, "norm": "batch"},
        rate_hz=50,
        inputs=("new",),
        outputs=("old",),
        size=(12, 40),
        both=False,
        conditional=True,
    )
    x, y = torch.randn(2, 1, 12, 40), torch.randn(2, 1, 12, 40)
    assert game.critic_forth(y, given=x).shape[:2] == (2, 1)
    assert game.translators + game.critics == ("forth.", "critic_forth.")
    assert {name.split(".")[0] for name in game.state_dict()} == {"forth", "critic_forth"}


def test_two_phases_learn_a_filtered_sign():
    """A new sensor that turns the old one's signal upside down is translated within seconds."""
    torch.manual_seed(0)
    game = translators.build_game(
        "pix2pix",
        {"width": 8, "depth": 2, "dropout": 0.0, "norm": "instance"},
        {"width": 4, "layers": 1},
        rate_hz=50,
        inputs=("new",),
        outputs=("old",),
        size=(32,),
        both=False,
    )
    y = 0.4 * torch.randn(16, 1, 32)
    x = -y

    def generated():
        made = game(x).result
        return 100 * l1(made, y) + judged_as(game.critic_forth(made), real=True)

    def judged():
        made = game(x).result.detach()
        real = judged_as(game.critic_forth(y), real=True)
        return (real + judged_as(game.critic_forth(made), real=False)) / 2

    optimisers = [
        torch.optim.Adam(part.parameters(), lr=0.01, betas=(0.5, 0.999))
        for part in (game.forth, game.critic_forth)
    ]
    before = l1(game(x).result, y).item()
    for _ in range(60):
        for optimiser, loss in zip(optimisers, (generated, judged), strict=True):
            optimiser.zero_grad()
            loss().backward()
            optimiser.step()
    assert l1(game(x).result, y).item() < before / 3


def test_sig2sig_finds_out_where_the_wanted_sensor_is_noisy():
    """The noise cannot be foretold, but that there is some next to the events can."""
    torch.manual_seed(0)
    net = build("sig2sig", (64,), {"width": 8}, channels=1).train()
    optimiser = torch.optim.Adam(net.parameters(), lr=4e-3, betas=(0.5, 0.999))

    def pairs(n):
        event = torch.exp(-(((torch.arange(64.0) - torch.randint(10, 54, (n, 1, 1))) / 8) ** 2))
        return event, 0.5 * event + (0.02 + 0.25 * event) * torch.randn(n, 1, 64)

    for _ in range(100):
        x, y = pairs(16)
        made = net(x)
        loss = uncertain_l1(made.result, y, made.log_uncertainty) + l1(made.coarse, y)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    x, y = pairs(200)
    with torch.no_grad():
        made = net.eval()(x)
    both = torch.stack([(made.result - y).abs().flatten(), made.log_uncertainty.exp().flatten()])
    assert torch.corrcoef(both)[0, 1] > 0.4
