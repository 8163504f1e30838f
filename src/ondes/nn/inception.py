"""The InceptionTime module (Fawaz et al. 2020, figure 2; thesis section 2.9)."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from ondes.nn.activation import PooledName, pooled_activation
from ondes.nn.conv import SameConv1d
from ondes.nn.field import Field, widest
from ondes.nn.pooling import greater_activated, pool_activated, same_max_pool1d, slid_maximum
from ondes.ops.convolve import piece, pieces, prepared_extremes, window_extremes


class InceptionModule(nn.Module):
    """Parallel convolutions of several lengths, batch norm, activation and max-pooling.

    A 1x1 bottleneck to `filters` channels (none for a single channel) feeds one convolution per
    kernel length; beside them a maximum over three samples feeds a 1x1 convolution. The
    ``outputs = filters * (len(kernels) + 1)`` channels are normalised over the batch, activated
    and max-pooled by `pool`: [b, inputs, t] -> [b, outputs, t // pool]. No convolution has a
    bias: the batch norm would take it out again.
    """

    def __init__(
        self,
        inputs: int,
        *,
        filters: int,
        kernels: Sequence[int],
        activation_name: PooledName,
        pool: int,
    ) -> None:
        super().__init__()
        narrow = filters if inputs > 1 else 1
        self.outputs = filters * (len(kernels) + 1)
        self.kernels = tuple(kernels)
        self.pool = pool
        self.bottleneck = nn.Conv1d(inputs, filters, 1, bias=False) if inputs > 1 else nn.Identity()
        self.convs = nn.ModuleList(SameConv1d(narrow, filters, k, bias=False) for k in kernels)
        self.beside = nn.Conv1d(inputs, filters, 1, bias=False)
        self.norm = nn.BatchNorm1d(self.outputs)
        self.activation = pooled_activation(activation_name)

    def field(self, before: Field) -> Field:
        """Return the receptive field of the module's frames, given that of its input's."""
        branches = [before.same(kernel) for kernel in (*self.kernels, 3)]
        return widest(*branches).layer(stride=self.pool)

    def forward(self, x: Tensor) -> Tensor:
        """Map [b, inputs, t] to [b, outputs, t // pool]."""
        if self._is_plain_inference(x):
            return _Pooled(self, x).run(x)
        return self._layered(x)

    def _is_plain_inference(self, x: Tensor) -> bool:
        wanted = (x, *self.parameters())
        learns = torch.is_grad_enabled() and any(tensor.requires_grad for tensor in wanted)
        elsewhere = torch.compiler.is_compiling() or x.device.type != "cpu"
        return not (self.training or learns or elsewhere)

    def _layered(self, x: Tensor) -> Tensor:
        """Compute layer by layer, as training and export need it."""
        narrow = self.bottleneck(x)
        peaks = self.beside(same_max_pool1d(x, kernel=3))
        y = torch.cat([*(conv(narrow) for conv in self.convs), peaks], dim=1)
        return pool_activated(self.norm(y), self.activation, size=self.pool)


class _Pooled:
    """A module without gradients, piece by piece: its results alone leave the processor's cache.

    The norm's factors go into the weights. Its summands and the activation leave extremes where
    they are, so that these come last and see the windows' extremes alone.
    """

    def __init__(self, module: InceptionModule, x: Tensor) -> None:
        factor, self._summand = _norm(module.norm)
        convs: list[nn.Module] = [*module.convs, module.beside]
        scales = torch.split(factor, len(factor) // len(convs))
        *long, beside = (
            _weight(conv) * scale[:, None, None] for conv, scale in zip(convs, scales, strict=True)
        )
        narrow = x[:, :1].expand(-1, long[0].shape[1], -1)  # of which the shape alone counts
        self._extremes = prepared_extremes(narrow, long, size=module.pool)
        self._module, self._beside = module, beside

    def run(self, x: Tensor) -> Tensor:
        """Map [b, inputs, t] to [b, outputs, t // pool], item by item."""
        windows, outputs = x.shape[-1] // self._module.pool, self._module.outputs
        y = self._beside.new_empty(len(x), outputs, windows)
        for item, found in zip(x, y, strict=True):
            for a, b in pieces(windows, self._extremes.step):
                found[:, a:b] = self._windows(item, a, b)
        return y

    def _windows(self, x: Tensor, first: int, stop: int) -> Tensor:
        """Map x [inputs, t] to the windows [outputs, stop - first]."""
        pool, long = self._module.pool, self._extremes
        start, end = first * pool, stop * pool
        ends = [long(self._narrow(piece(x, start - long.before, end + long.after)))]
        around = piece(x, start - 1, end + 1, outside=-torch.inf)
        ends.append(_mixed_extremes(slid_maximum(around, kernel=3), self._beside, size=pool))
        low, high = (torch.cat(side).add_(self._summand) for side in zip(*ends, strict=True))
        return greater_activated(low, high, self._module.activation)

    def _narrow(self, x: Tensor) -> Tensor:
        bottleneck = self._module.bottleneck
        if isinstance(bottleneck, nn.Identity):
            return x.to(self._beside)
        return (_weight(bottleneck)[..., 0] @ x).to(self._beside)


def _norm(norm: nn.BatchNorm1d) -> tuple[Tensor, Tensor]:
    """Return what a norm in evaluation multiplies with, [outputs], and then adds, [outputs, 1]."""
    mean, variance = norm.running_mean, norm.running_var
    assert mean is not None
    assert variance is not None
    factor = norm.weight / torch.sqrt(variance + norm.eps)
    return factor, (norm.bias - mean * factor)[:, None]


def _weight(conv: nn.Module) -> Tensor:
    assert isinstance(conv, nn.Conv1d)
    return conv.weight


def _mixed_extremes(x: Tensor, weight: Tensor, *, size: int) -> tuple[Tensor, Tensor]:
    """Return the extremes [o, t // size] in windows of a 1x1 convolution of x [c, t].

    Of a single channel they are its own, in the same order or the other.
    """
    if len(x) > 1:
        return window_extremes((weight[..., 0] @ x).to(weight), size=size)
    ends = [weight[:, 0] * end for end in window_extremes(x.to(weight), size=size)]
    return torch.minimum(*ends), torch.maximum(*ends)
