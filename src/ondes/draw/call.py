"""One traced operation, whoever traced it: its name, plain arguments and shapes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import prod
from typing import Any

from ondes.draw.reach import Shape

CONVOLUTIONS = ("conv1d", "conv2d", "conv3d")
TRANSPOSED = ("conv_transpose1d", "conv_transpose2d", "conv_transpose3d")
POOLS = {
    f"{kind}_pool{n}d{tail}": kind
    for kind in ("max", "avg")
    for n in (1, 2, 3)
    for tail in ("", "_with_indices")
}
ADAPTIVE = {f"adaptive_{kind}_pool{n}d": kind for kind in ("max", "avg") for n in (1, 2, 3)}
PRODUCTS = ("matmul", "mm", "bmm", "einsum", "baddbmm", "mv", "dot")
RECURRENT = ("lstm", "gru", "rnn_tanh", "rnn_relu")


@dataclass(frozen=True, kw_only=True)
class Call:
    """An operation as it was called.

    Attributes:
        name: torch's, as ``conv1d``.
        arguments: those that are no tensors, by torch's names.
        shapes: of the tensors among its arguments, by these names; of lists the first's.
        output: shape of its (first) result.
        products: pairs of shapes that a product of matrices multiplies, in order.
    """

    name: str
    arguments: Mapping[str, Any] = field(default_factory=dict)
    shapes: Mapping[str, Shape] = field(default_factory=dict)
    output: Shape = ()
    products: tuple[Shape, ...] = ()

    @property
    def is_convolution(self) -> bool:
        """Whether it is a convolution, transposed or not."""
        return self.name in CONVOLUTIONS or self.name in TRANSPOSED

    @property
    def kernel(self) -> Shape:
        """Lengths of the core over the axes that a convolution or pooling slides along."""
        if self.is_convolution:
            return tuple(self.shapes["weight"][2:])
        return self._each("kernel_size", spatial=int(self.name.partition("pool")[2][0]))

    @property
    def stride(self) -> Shape:
        """Steps of the core; of a pooling its lengths where none are given."""
        given = self.arguments.get("stride")
        return self._each("stride") if given not in (None, [], ()) else self.kernel

    @property
    def dilation(self) -> Shape:
        """Distances of taps."""
        return self._each("dilation")

    @property
    def padding(self) -> Shape:
        """Zeros before the values, along each axis."""
        given = self.arguments.get("padding", 0)
        if given == "same":
            return tuple((k - 1) * d // 2 for k, d in zip(self.kernel, self.dilation, strict=True))
        return (0,) * len(self.kernel) if given == "valid" else self._each("padding", default=0)

    def _each(self, name: str, *, default: int = 1, spatial: int = 0) -> Shape:
        """Return an argument once for every axis, as torch reads a single number."""
        axes = spatial or len(self.kernel)
        value = self.arguments.get(name, default)
        values = tuple(value) if isinstance(value, Sequence) else (value,)
        return tuple(int(v) for v in (values * axes if len(values) == 1 else values))


def multiply_adds(call: Call) -> int:
    """Return how many products are summed: of convolutions, dense layers, matrices, recurrences.

    Norms, activations, pools, transforms and sums are not counted, as is the custom.

    >>> multiply_adds(Call(name="linear", shapes={"weight": (1000, 2048)}, output=(1, 1000)))
    2048000
    """
    if call.name in CONVOLUTIONS:
        return prod(call.output) * prod(call.shapes["weight"][1:])
    if call.name in TRANSPOSED:
        return prod(call.shapes["input"]) * prod(call.shapes["weight"][1:])
    if call.name in ("linear", "addmm"):
        return prod(call.output) * call.shapes["weight" if call.name == "linear" else "mat1"][-1]
    if call.name == "scaled_dot_product_attention":
        return prod(call.output) * call.shapes["key"][-2] * 2
    if call.name in PRODUCTS and len(call.products) == 2:
        return _of_matrices(call)
    return _of_recurrence(call) if call.name in RECURRENT else 0


def _of_matrices(call: Call) -> int:
    if call.name != "einsum":
        return prod(call.output) * call.products[0][-1]
    terms = str(call.arguments["equation"]).replace(" ", "").partition("->")[0].split(",")
    sizes = {
        letter: size
        for term, shape in zip(terms, call.products, strict=False)
        for letter, size in zip(term, shape, strict=False)
    }
    return prod(sizes.values())


def _of_recurrence(call: Call) -> int:
    """Every weight is used once a step of [b, t, c], or [t, b, c]."""
    steps = prod(call.shapes["input"][:-1])
    return steps * sum(prod(shape) for shape in call.products if len(shape) == 2)
