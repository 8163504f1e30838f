"""Drawings of networks in the notation of the thesis (section 2.2), floor 6.

``network(module, example_input)`` traces any ``torch.nn.Module`` and returns a `Graph` with
``svg()``, ``png()`` and ``summary()``. Hexagons are convolutions and poolings with the core's shape
below, circles beside them batch norm and activations, brackets what is repeated.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ondes.draw.graph import Graph, check_suffix
from ondes.errors import InputError

if TYPE_CHECKING:
    from torch import Tensor, nn

__all__ = ["Graph", "check_suffix", "network"]


def network(
    module: "nn.Module",
    example_input: "Tensor | Sequence[int] | Sequence[Tensor]",
    *,
    name: str | None = None,
    depth: int | None = None,
) -> Graph:
    """Trace a network in evaluation mode, and return it as it is drawn.

    It is traced by ``torch.export``, which sees functions as well as modules and computes shapes
    alone. Where that fails, as it does for a network that decides by the values it sees, its
    modules are drawn in the order in which they are called, and ``note`` says so and why.

    Args:
        module: any network; it is left as it was.
        example_input: a tensor [batch, channel, ..., time], several, or the shape of one. All
            shapes and counts are for this input.
        name: what to write above it; its class without.
        depth: how many levels of modules are drawn; those deeper become a box each. All without.

    Raises:
        InputError: the network refuses the input, or cannot be traced at all.

    >>> from torch import nn
    >>> net = nn.Sequential(nn.Conv1d(1, 8, 5, padding=2), nn.ReLU(), nn.Conv1d(8, 8, 5, padding=2))
    >>> graph = network(net, (1, 1, 100))
    >>> graph.parameters, graph.multiply_adds, graph.receptive_field
    (376, 36000, 9)
    """
    from ondes.draw import simplify, trace

    title = name or type(module).__name__
    if depth is not None and depth < 1:
        raise InputError(f"network(depth={depth}): draw at least one level of modules, or all")
    inputs = trace.example(example_input)
    traced, note = trace.trace(module, inputs, call=_called(title, inputs))
    layers, outputs = simplify.layers(traced, depth=depth)
    sizes = {key: value.numel() for key, value in module.named_parameters()}
    return Graph(
        name=title,
        layers=tuple(layers),
        outputs=tuple(outputs),
        ends=traced.ends,
        sizes=sizes,
        note=note,
    )


def _called(title: str, inputs: "Sequence[Tensor]") -> str:
    shapes = ", ".join(str(list(one.shape)) for one in inputs)
    return f"drawing {title} for an input of {shapes}"
