"""Front ends: levels against torch's own spectra, scaling against its definition."""

import pytest
import torch
from torch import nn

from ondes.errors import RecipeError
from ondes.nn.encoder import Encoder
from ondes.nn.framenet import FrameNet
from ondes.nn.front import Config, Front
from ondes.nn.layers import Conv
from ondes.nn.ragged import Ragged, ragged
from ondes.nn.scale import standardised
from ondes.ops.spectral import mel_filters

RATE = 8000
KINDS = [("raw", 1), ("mel", 1), ("mel", 2), ("stft", 1), ("stft", 2)]


def build(dims=2, *, channels=2, **options):
    config = Config(**{"window_s": 0.02, "hop_s": 0.01, "bands": 20, **options})
    return Front(config, rate_hz=RATE, channels=channels, dims=dims)


def spectrum(x, *, hop=80, size=160):
    """Return the power in bins of 256 around hops, silence around x [b, c, t]."""
    before, count = (size - hop) // 2, -(-x.shape[-1] // hop)
    padded = nn.functional.pad(x, (before, size * 2)).flatten(0, 1)
    window = torch.hann_window(size + 2, periodic=False)[1:-1]
    cut = padded.unfold(-1, size, hop)[:, :count] * window / window.square().sum().sqrt()
    return torch.fft.rfft(cut, n=256).abs().square().transpose(1, 2).unflatten(0, x.shape[:2])


def test_stft_is_torchs_power_above_the_floor():
    x = torch.randn(2, 2, 1001, generator=torch.Generator().manual_seed(0))
    found = build(kind="stft")(Ragged(x)).values
    expected = (10 * spectrum(x).log10() + 80).clamp(min=0) / 20
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-4)


def test_mel_is_the_mean_over_its_bins():
    x = torch.randn(2, 2, 1001, generator=torch.Generator().manual_seed(0))
    found = build(kind="mel", floor_db=-60.0)(Ragged(x)).values
    filters = mel_filters(20, n_fft=256, rate_hz=RATE)
    power = (filters / filters.sum(1, keepdim=True)) @ spectrum(x)
    expected = (10 * power.log10() + 60).clamp(min=0) / 20
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-4)


def test_white_noise_is_at_its_variance_and_silence_at_zero():
    front = build(kind="stft", channels=1)
    noise = front(Ragged(0.1 * torch.randn(1, 1, 80_000))).values
    mean = 10 * (10 ** (2 * noise - 8)).mean().log10()
    assert mean.item() == pytest.approx(-20, abs=0.2)
    assert not front(Ragged(torch.zeros(1, 1, 800))).values.any()


def test_a_map_is_one_image_of_its_channels():
    x = torch.randn(2, 5, 7)
    assert torch.equal(build(kind="map", channels=5)(Ragged(x)).values, x[:, None])
    scaled = build(kind="map", scale="clip", channels=5)(Ragged(3 * x + 1)).values
    flat = scaled.flatten(1)
    torch.testing.assert_close(flat.mean(1), torch.zeros(2), atol=1e-5, rtol=0)
    torch.testing.assert_close(flat.std(1, correction=0), torch.ones(2), atol=1e-5, rtol=0)
    assert torch.corrcoef(torch.stack([flat[0], x[0].flatten()]))[0, 1] > 0.9999
    with pytest.raises(RecipeError, match="dims=2"):
        build(1, kind="map")


def test_a_band_may_be_chosen():
    front = build(kind="stft", low_hz=1000.0, high_hz=2000.0)
    assert front(Ragged(torch.randn(1, 2, 800))).values.shape == (1, 2, 33, 10)
    assert build(1, kind="stft", low_hz=1000.0, high_hz=2000.0).outputs == 66


def test_narrow_mel_bands_take_a_finer_spectrum():
    front = build(kind="mel", bands=120)
    assert front.levels.n_fft == 512
    assert torch.isfinite(front(Ragged(torch.randn(1, 2, 800))).values).all()


@pytest.mark.parametrize("dims", [1, 2])
def test_further_windows_are_further_channels_of_the_same_moments(dims):
    x = ragged(torch.randn(2, 2, 1001), torch.tensor([1001, 400]))
    both = build(dims, kind="mel", further_s=(0.06,))
    apart = [build(dims, kind="mel", window_s=window_s) for window_s in (0.02, 0.06)]
    found = both(x)
    expected = torch.cat([front(x).values for front in apart], 1)
    assert torch.equal(found.values, expected)
    assert both.outputs == expected.shape[1]
    assert both.field == apart[1].field


@pytest.mark.parametrize(("kind", "dims"), KINDS)
@pytest.mark.parametrize("scale", ["none", "clip"])
def test_an_item_in_a_batch_is_as_alone(kind, dims, scale):
    front = build(dims, kind=kind, scale=scale).double()
    x = torch.randn(3, 2, 1000, dtype=torch.float64) + 3
    lengths = torch.tensor([1000, 1, 333])
    y = front(ragged(x, lengths))
    for i, n in enumerate(lengths.tolist()):
        one = front(Ragged(x[i : i + 1, :, :n])).values
        assert one.shape[-1] == (n if y.lengths is None else y.lengths[i])
        torch.testing.assert_close(y.values[i : i + 1, ..., : one.shape[-1]], one)
    assert front.outputs == (y.values.shape[1])


@pytest.mark.parametrize("scale", ["samples", "clip", "bands"])
def test_gain_and_offset_do_not_matter_when_scaled(scale):
    front = build(kind="mel", scale=scale)
    x = torch.randn(1, 2, 4000)
    torch.testing.assert_close(
        front(Ragged(x)).values, front(Ragged(1e-6 * x + 1e-5)).values, rtol=1e-3, atol=1e-3
    )


def test_levels_tell_how_much_they_vary_where_samples_alone_are_scaled():
    x = torch.randn(1, 1, 8000) * torch.linspace(0.1, 1, 8000)
    front = build(kind="mel", scale="samples", channels=1)
    plain = build(kind="mel", scale="none", channels=1)
    torch.testing.assert_close(front(Ragged(x)), plain(standardised(Ragged(x))))


def test_bands_take_away_what_a_fixed_filter_does():
    x = torch.randn(1, 1, 16_000)
    filtered = torch.nn.functional.conv1d(x, torch.tensor([[[1.0, -0.9]]]))
    front = {s: build(kind="mel", scale=s, channels=1) for s in ("clip", "bands")}
    gap = {
        s: (f(Ragged(x)).values[..., :199] - f(Ragged(filtered)).values[..., :199])
        for s, f in front.items()
    }
    assert gap["bands"].square().mean() < 0.05 * gap["clip"].square().mean()


def test_standardised_means_zero_mean_and_unit_variance():
    x = ragged(1e3 + torch.randn(2, 3, 50), torch.tensor([50, 20]))
    y = standardised(x).values
    for i, n in enumerate((50, 20)):
        torch.testing.assert_close(y[i, :, :n].mean(-1), torch.zeros(3), atol=1e-4, rtol=0)
        torch.testing.assert_close(y[i, :, :n].std(-1, correction=0), torch.ones(3))


def test_constant_channels_become_zeros_and_tiny_ones_do_not():
    x = torch.stack([torch.full((10,), 3.3), 1e-30 * torch.randn(10), torch.zeros(10)])[None]
    x.requires_grad_()
    y = standardised(Ragged(x)).values
    assert not y[0, 0].any()
    assert not y[0, 2].any()
    assert y[0, 1].std(correction=0).item() == pytest.approx(1)
    torch.autograd.backward(y.square().sum())
    assert torch.isfinite(x.grad).all()


@pytest.mark.parametrize(
    ("dims", "options", "says"),
    [
        (2, {}, "dims=2 sees images"),
        (1, {"scale": "bands"}, 'take "clip"'),
        (1, {"scale": "means"}, 'take "clip"'),
        (2, {"kind": "map", "scale": "samples"}, "maps, which are levels"),
        (1, {"kind": "mel", "hop_s": 0.03}, "at most as long as each window"),
        (1, {"kind": "mel", "hop_s": 0.01, "further_s": (0.005,)}, "a window of 0.005"),
        (2, {"kind": "stft", "further_s": (0.05,)}, 'take front.kind="mel"'),
        (1, {"kind": "mel", "hop_s": 1e-5}, "is no sample at 8000 Hz"),
        (1, {"kind": "mel", "bands": 0}, "give 1 or more"),
        (1, {"kind": "mel", "bands": 500}, "give fewer bands or a longer window"),
        (1, {"kind": "mel", "high_hz": 5000.0}, "<= 4000"),
        (1, {"kind": "stft", "low_hz": 1001.0, "high_hz": 1002.0}, "no bin lies"),
    ],
)
def test_what_makes_no_sense_is_said(dims, options, says):
    with pytest.raises(RecipeError, match=says):
        build(dims, **options)


def test_frames_refuse_a_front_that_sees_the_clip():
    front = build(1, scale="clip", channels=1)
    with pytest.raises(RecipeError, match='give "none"'):
        FrameNet(
            front,
            Encoder(Conv(1, 1, 4, 3), outputs=4),
            dropout=0,
            rate_hz=RATE,
            channels=1,
            classes=("a",),
        )


def test_means_take_each_bands_mean_away_and_nothing_else():
    x = ragged(torch.randn(2, 2, 1200), torch.tensor([1200, 700]))
    found = build(kind="mel", scale="means")(x)
    plain = build(kind="mel")(standardised(x))
    for item, level, n in zip(found.values, plain.values, found.lengths, strict=True):
        own = level[..., :n]
        torch.testing.assert_close(item[..., :n], own - own.mean(-1, keepdim=True))


@pytest.mark.parametrize("kind", ["raw", "mel"])
@pytest.mark.parametrize("scale", ["none", "clip"])
def test_short_clips_stand_in_the_middle_of_silence(kind, scale):
    x = torch.randn(3, 2, 900)
    lengths = torch.tensor([900, 500, 401])
    front = build(dims=1, kind=kind, scale=scale, shortest_s=0.1)
    found = front(ragged(x, lengths))
    plain = build(dims=1, kind=kind, scale=scale)
    for clip, length, seen, n in zip(x, lengths, found.values, found.lengths, strict=True):
        missing = max(0, 800 - int(length))
        quiet = nn.functional.pad(clip[:, :length], (missing // 2, missing - missing // 2))
        torch.testing.assert_close(seen[None, :, :n], plain(Ragged(quiet[None])).values)
        alone = front(Ragged(clip[None, :, :length])).values
        torch.testing.assert_close(seen[None, :, :n], alone)


def test_frames_refuse_silence_around_clips():
    front = build(kind="mel", channels=1, dims=1, shortest_s=0.1)
    encoder = Encoder(Conv(1, 20, 4, 3), outputs=4)
    with pytest.raises(RecipeError, match="shortest_s"):
        FrameNet(front, encoder, dropout=0.0, rate_hz=RATE, channels=1, classes=("a",))
