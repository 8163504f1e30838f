"""What a traced operation is in a drawing: a hexagon, a circle, a box."""

from dataclasses import dataclass, field
from math import prod
from typing import Literal

from ondes.draw import words
from ondes.draw.call import ADAPTIVE, POOLS, PRODUCTS, TRANSPOSED, Call
from ondes.draw.reach import Reach, Shape

Kind = Literal["input", "conv", "pool", "dense", "circle", "join", "cell"]


@dataclass(frozen=True, kw_only=True)
class Symbol:
    """How an operation is drawn: its kind, the line above and the core below.

    A circle has its letter as `title` and its full name as `core`.
    """

    kind: Kind
    title: str
    core: str = ""


@dataclass(frozen=True, kw_only=True)
class Step:
    """A symbol at its place in the network.

    Attributes:
        symbol: how it is drawn.
        name: of the module that does it, as ``blocks.0.conv``.
        modules: paths and classes of the modules around it, the outermost first.
        inputs: the places of the steps that feed it.
        shape: of its result, without the batch.
        parameters: names of those it uses.
        multiply_adds: for one item.
        reach: what a value sees along time; None for everything.
    """

    symbol: Symbol
    name: str = ""
    modules: tuple[tuple[str, str], ...] = ()
    inputs: tuple[int, ...] = ()
    shape: Shape = ()
    parameters: frozenset[str] = field(default_factory=frozenset)
    multiply_adds: int = 0
    reach: Reach | None = None


@dataclass(frozen=True, kw_only=True)
class Traced:
    """A traced network.

    Attributes:
        steps: in the order of computation; each has only earlier ones as inputs.
        outputs: places of those that make the outputs.
        ends: of each output the shape, without the batch, and what a value of it sees.
    """

    steps: tuple[Step, ...]
    outputs: tuple[int, ...]
    ends: tuple[tuple[Shape, Reach | None], ...]


def symbol(call: Call) -> Symbol:
    """Return how an operation is drawn.

    >>> shapes, stride = {"weight": (64, 3, 7, 7)}, {"stride": [2, 2]}
    >>> symbol(Call(name="conv2d", arguments=stride, shapes=shapes, output=(1, 64, 112, 112)))
    Symbol(kind='conv', title='conv 64', core='7×7 /2')
    """
    if call.is_convolution:
        return Symbol(kind="conv", title=_filters(call), core=_core(call))
    if call.name in POOLS:
        return Symbol(kind="pool", title=POOLS[call.name], core=_core(call))
    if call.name in ADAPTIVE:
        return _adaptive(call)
    if call.name in ("linear", "addmm"):
        return Symbol(kind="dense", title="dense", core=str(call.output[-1]))
    if call.name in words.CIRCLES:
        return _circle(call)
    if call.name in PRODUCTS:
        weight = min(call.products, key=lambda shape: (len(shape), prod(shape)), default=())
        return Symbol(kind="dense", title="matrix", core="×".join(map(str, weight[-2:])))
    if call.name in words.REDUCTIONS:
        return _reduction(call)
    title = words.CELLS.get(call.name, call.name.strip("_"))
    number = call.arguments.get("other")
    if title in words.SIGNS and isinstance(number, int | float):
        title = f"{title} {number:.4g}"
    return Symbol(kind="cell", title=title)


def _filters(call: Call) -> str:
    weight, groups = call.shapes["weight"], int(call.arguments.get("groups", 1))
    outputs = weight[1] * groups if call.name in TRANSPOSED else weight[0]
    if groups > 1 and weight[1] == 1:
        return f"depthwise {outputs}"
    title = f"{'up-conv' if call.name in TRANSPOSED else 'conv'} {outputs}"
    return f"{title}, {groups} groups" if groups > 1 else title


def _core(call: Call) -> str:
    """Write kernel, stride and dilation, of axes that have any extent alone."""
    sizes = call.output[-len(call.kernel) :]
    rows = zip(call.kernel, call.stride, call.dilation, sizes, strict=True)
    real = [(k, s, d) for k, s, d, size in rows if size != 1 or (k, s) != (1, 1)]
    kernel, stride, dilation = zip(*(real or [(1, 1, 1)]), strict=True)
    parts = ["×".join(map(str, kernel))]
    if set(stride) != {1}:
        parts.append(f"/{_short(stride)}")
    spread = tuple(d for k, d in zip(kernel, dilation, strict=True) if k > 1)
    if set(spread) - {1}:
        parts.append(f"d{_short(spread)}")
    return " ".join(parts)


def _short(numbers: tuple[int, ...]) -> str:
    return str(numbers[0]) if len(set(numbers)) == 1 else "×".join(map(str, numbers))


def _adaptive(call: Call) -> Symbol:
    kind = ADAPTIVE[call.name]
    axes = call.output[-int(call.name[-2]) :]
    if prod(axes) == 1:
        return Symbol(kind="pool", title=f"glob {kind}")
    return Symbol(kind="pool", title=kind, core=f"to {'×'.join(map(str, axes))}")


def _circle(call: Call) -> Symbol:
    letter, name = words.CIRCLES[call.name]
    if call.name == "hardtanh" and (
        call.arguments.get("min_val"),
        call.arguments.get("max_val"),
    ) == (0, 6):
        letter, name = words.ACTIVATIONS["relu6"]
    if letter == "D":
        name = f"dropout {call.arguments.get('p', 0.5):g}"
    return Symbol(kind="circle", title=letter, core=name)


def _reduction(call: Call) -> Symbol:
    """A mean or maximum over all axes but batch and channels is a global pooling."""
    (shape,) = list(call.shapes.values())[:1] or [()]
    given = call.arguments.get("dim")
    dims = {given} if isinstance(given, int) else set(given or range(len(shape)))
    word = words.REDUCTIONS[call.name]
    is_global = len(shape) >= 3 and set(range(2, len(shape))) == {d % len(shape) for d in dims}
    if is_global and word in ("avg", "max"):
        return Symbol(kind="pool", title=f"glob {word}")
    return Symbol(kind="cell", title=word)
