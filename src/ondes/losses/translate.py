"""Losses of translations: entries, patches that a critic judged, and a frozen classifier's answers.

With `ondes.losses.l1`, for reconstruction and cycles, these are the terms of pix2pix (Isola et al.
2017), SelectionGAN (Tang et al. 2019), CycleGAN (Zhu et al. 2017) and the Sig2Sig poster.
"""

from collections.abc import Sequence
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor

from ondes.errors import InputError
from ondes.losses.cells import check_shapes, weighted_mean

Kind = Literal["least-squares", "logistic"]


def uncertain_l1(
    outputs: Tensor, target: Tensor, log_uncertainty: Tensor, *, weight: Tensor | None = None
) -> Tensor:
    """Return the mean of |x - y| / U + log U: uncertainty-guided L1, the poster's L_gen.

    For a given error e it is least at U = e, so that U foretells the error. As low as log U, the
    loss has no other bound: keep log U bounded, as `ondes.nn.selection.Selection` does.

    Args:
        outputs: x, [b, c, ...].
        target: y, the same shape.
        log_uncertainty: log U, [b, 1, ...] or the same shape.
        weight: none, or what broadcasts to that shape and is >= 0; the mean becomes weighted.

    Raises:
        InputError: the shapes differ, or U does not broadcast to them.

    >>> uncertain_l1(torch.ones(1, 1, 2), torch.zeros(1, 1, 2), torch.tensor([[[0.0, -1.0]]]))
    tensor(1.3591)
    """
    check_shapes(outputs, target)
    expected = {tuple(outputs.shape), (outputs.shape[0], 1, *outputs.shape[2:])}
    if tuple(log_uncertainty.shape) not in expected:
        raise InputError(
            f"outputs have shape {list(outputs.shape)}, the log-uncertainty "
            f"{list(log_uncertainty.shape)}: give that shape, or one channel of it"
        )
    error = (outputs - target.to(outputs)).abs()
    return weighted_mean(error * torch.exp(-log_uncertainty) + log_uncertainty, weight)


def signal_l1(
    outputs: Tensor, target: Tensor, *, emphasis: float = 4.0, floor: float | None = None
) -> Tensor:
    """Return the mean absolute error, weighted by how much signal the target has at each entry.

    The weight is 1 + emphasis * s / mean(s) with the mean over an item. In waveforms, which swing
    about 0, s = |target|; in maps with a `floor`, s = max(0, target - floor).

    Raises:
        InputError: the shapes differ, or `emphasis` is negative.

    >>> signal_l1(torch.zeros(1, 1, 2), torch.tensor([[[0.0, 1.0]]]), emphasis=1)
    tensor(0.7500)
    """
    check_shapes(outputs, target)
    if emphasis < 0:
        raise InputError(f"signal_l1(emphasis={emphasis}): must be 0 or more")
    target = target.to(outputs)
    strength = target.abs() if floor is None else (target - floor).clamp_min(0)
    means = strength.flatten(1).mean(1).clamp_min(torch.finfo(strength.dtype).tiny)
    weight = 1 + emphasis * strength / means.view(-1, *[1] * (target.ndim - 1))
    return weighted_mean((outputs - target).abs(), weight)


def judged_as(judged: Tensor, *, real: bool, kind: Kind = "least-squares") -> Tensor:
    """Return how far a critic's judgements of patches are from those of real, or made, signals.

    A critic learns ``(judged_as(D(y), real=True) + judged_as(D(G(x)), real=False)) / 2``, where
    G(x) is detached; a generator ``judged_as(D(G(x)), real=True)``.

    Args:
        judged: of any shape, one number per patch.
        real: whether they should be 1, else 0.
        kind: 'least-squares' (Mao et al. 2017), mean (D - 1)^2 or D^2, or 'logistic'
            (Goodfellow et al. 2014, with the generator's loss that does not saturate; pix2pix).

    Raises:
        InputError: there is no such kind.

    >>> judged_as(torch.tensor([0.0, 2.0, 1.0, 1.0]), real=True)
    tensor(0.5000)
    """
    wanted = torch.full_like(judged, float(real))
    if kind == "least-squares":
        return F.mse_loss(judged, wanted)
    if kind == "logistic":
        return F.binary_cross_entropy_with_logits(judged, wanted)
    raise InputError(f"judged_as(kind={kind!r}): give 'least-squares' or 'logistic'")


def same_answers(logits: Tensor, wanted: Tensor, *, temperature: float = 1.0) -> Tensor:
    """Return KL(p_wanted || p), the mean over items: whether a classifier answers the same.

    Task consistency: `logits` are a frozen classifier's on translations, `wanted` those on their
    true partners, which no label is needed for and no gradient goes to. Both are divided by the
    `temperature`, and the loss multiplied by its square (Hinton et al. 2015).

    Args:
        logits: [item, class].
        wanted: the same shape.
        temperature: > 0; above 1, small probabilities count more.

    Raises:
        InputError: the shapes differ or are no [item, class], or `temperature` is not above 0.

    >>> same_answers(torch.zeros(1, 2), torch.log(torch.tensor([[0.75, 0.25]])))
    tensor(0.1308)
    """
    check_shapes(logits, wanted)
    if logits.ndim != 2 or logits.shape[-1] < 2 or not temperature > 0:
        raise InputError(
            f"same_answers of logits of shape {list(logits.shape)}, temperature={temperature}: "
            "give [item, class] with two classes or more, and a temperature above 0"
        )
    p = F.log_softmax(logits / temperature, dim=-1)
    truth = F.log_softmax(wanted.detach().to(logits) / temperature, dim=-1)
    return temperature**2 * F.kl_div(p, truth, reduction="batchmean", log_target=True)


def same_features(features: Sequence[Tensor], wanted: Sequence[Tensor]) -> Tensor:
    """Return how far a frozen network's features are from those of true partners.

    Of each level the mean difference as a share of the true ones' mean size, mean |f - g| / mean
    |g|; the sum over levels. No gradient goes to what is wanted.

    Args:
        features: levels of translations, of any shapes.
        wanted: those of their true partners, shaped alike.

    Raises:
        InputError: numbers of levels or their shapes differ.

    >>> same_features([torch.zeros(2)], [torch.tensor([1.0, 3.0])])
    tensor(1.)
    """
    if len(features) != len(wanted) or not features:
        raise InputError(
            f"{len(features)} levels and {len(wanted)} wanted: give as many, one or more"
        )
    shares = []
    for found, true in zip(features, wanted, strict=True):
        check_shapes(found, true)
        truth = true.detach().to(found)
        size = truth.abs().mean().clamp_min(torch.finfo(truth.dtype).tiny)
        shares.append((found - truth).abs().mean() / size)
    return torch.stack(shares).sum()


def texture(outputs: Tensor, target: Tensor, *, stretch: int = 5) -> Tensor:
    """Return the mean difference of how rough both are: |std(x) - std(y)| over small stretches.

    Noise of equal loudness costs nothing, however little one noise is the other, where a loss of
    entries would want none at all.

    Args:
        outputs: x, [b, c, t] or [b, c, f, t].
        target: y, the same shape.
        stretch: entries along each axis of a stretch; all places where it fits count.

    Raises:
        InputError: the shapes differ or have other axes, or an axis is shorter than `stretch`.

    >>> texture(torch.zeros(1, 1, 4), torch.tensor([[[1.0, -1.0, 1.0, -1.0]]]), stretch=2)
    tensor(0.9990)
    """
    check_shapes(outputs, target)
    if outputs.ndim not in (3, 4) or stretch < 2 or min(outputs.shape[2:]) < stretch:
        raise InputError(
            f"texture(stretch={stretch}) of shape {list(outputs.shape)}: give [b, c, t] or "
            f"[b, c, f, t] and a stretch of 2 or more entries that fits into each axis"
        )
    return (_roughness(outputs, stretch) - _roughness(target.to(outputs), stretch)).abs().mean()


def _roughness(x: Tensor, stretch: int) -> Tensor:
    """Return standard deviations within stretches; what is below a thousandth counts as that."""
    x = x - x.detach().flatten(2).mean(-1).view(*x.shape[:2], *[1] * (x.ndim - 2))
    pool = F.avg_pool1d if x.ndim == 3 else F.avg_pool2d
    variance = pool(x.square(), stretch, stride=1) - pool(x, stretch, stride=1).square()
    return variance.clamp_min(1e-6).sqrt()
