"""From torch's exported graph to steps: bias, pads, reshapes, masks and constants left out."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Literal

import torch
from torch._ops import OpOverload
from torch.export import ExportedProgram
from torch.fx import Node

from ondes.draw import words
from ondes.draw.call import PRODUCTS, RECURRENT, Call, multiply_adds
from ondes.draw.follow import follow
from ondes.draw.reach import Reach, Shape, Track, union
from ondes.draw.step import Step, Symbol, Traced, symbol

Role = Literal["constant", "mask", "data"]


@dataclass(frozen=True, kw_only=True)
class Seen:
    """What is known of a value: from which step it comes and where its time lies.

    A constant follows from weights alone, a mask from comparisons; neither is drawn.
    """

    role: Role = "data"
    step: int = -1
    track: Track | None = None
    parameters: frozenset[str] = frozenset()
    window: tuple[int, int] | None = None


def traced(program: ExportedProgram) -> Traced:
    """Return the steps of a graph."""
    reader = _Reader(program)
    for node in program.graph.nodes:
        reader.read(node)
    outputs = reader.outputs
    ends = tuple(outputs.values())
    return Traced(steps=tuple(reader.steps), outputs=tuple(outputs), ends=ends)


class _Reader:
    def __init__(self, program: ExportedProgram) -> None:
        signature = program.graph_signature
        self._parameters = dict(signature.inputs_to_parameters)
        self._inputs = set(signature.user_inputs)
        self._seen: dict[Node, Seen] = {}
        self._batch = 1
        self.steps: list[Step] = []
        self.outputs: dict[int, tuple[Shape, Reach | None]] = {}
        self._fed: set[int] = set()

    def read(self, node: Node) -> None:
        if node.op == "placeholder":
            self._seen[node] = self._given(node)
        elif node.op == "get_attr":
            self._seen[node] = Seen(role="constant")
        elif node.op == "call_function":
            self._seen[node] = self._computed(node)
        elif node.op == "output":
            for one in node.all_input_nodes:
                seen = self._seen[one]
                if seen.role == "data":
                    end = _shape(one)[1:], seen.track.seen if seen.track else None
                    self.outputs.setdefault(seen.step, end)

    def _given(self, node: Node) -> Seen:
        if node.name not in self._inputs:
            name = self._parameters.get(node.name)
            return Seen(role="constant", parameters=frozenset([name] if name else []))
        shape = _shape(node)
        self._batch = max(1, *shape[:1])
        self.steps.append(
            Step(
                symbol=Symbol(kind="input", title="input"),
                name=node.name,
                shape=shape[1:],
                reach=Reach(),
            )
        )
        track = Track(len(shape) - 1, Reach()) if shape else None
        return Seen(step=len(self.steps) - 1, track=track)

    def _computed(self, node: Node) -> Seen:
        known = {one: self._seen[one] for one in node.all_input_nodes}
        parameters = frozenset[str]().union(*(one.parameters for one in known.values()))
        data = [one for one, seen in known.items() if seen.role == "data"]
        masks = [one for one, seen in known.items() if seen.role == "mask"]
        if not data:
            return Seen(role="mask" if masks else "constant", parameters=parameters)
        if _dtype(node) is torch.bool:
            return Seen(role="mask")
        call = called(node)
        tracks = [self._followed(call, one) for one in data]
        track = union(tracks) if len(tracks) > 1 else tracks[0]
        sources = list(dict.fromkeys(self._seen[one].step for one in data))
        if self._is_view(call, data, masks, sources):
            window = _window(call, known[data[0]], _shape(data[0]))
            return Seen(step=sources[0], track=track, parameters=parameters, window=window)
        sign = _windowed(call, known[data[0]], _shape(data[0])) or _joined(call, sources)
        return self._added(node, call, data, track, parameters, sign or symbol(call))

    def _rearrange(self, node: Node) -> None:
        """Give a step its axes in the order in which the first that takes its values does so."""
        place, shape = self._seen[node].step, _shape(node)[1:]
        step = self.steps[place]
        same = sorted(n for n in shape if n > 1) == sorted(n for n in step.shape if n > 1)
        if same and place not in self._fed and step.inputs:
            self.steps[place] = replace(step, shape=shape)

    def _followed(self, call: Call, node: Node) -> Track | None:
        shape, seen = _shape(node), self._seen[node]
        if seen.window and call.name in words.REDUCTIONS:
            return seen.track
        return follow(call, seen.track, shape)

    @staticmethod
    def _is_view(call: Call, data: list[Node], masks: list[Node], sources: list[int]) -> bool:
        """Whether nothing is drawn: values are moved, or masked, or their parts put together."""
        if call.name in words.VIEWS or (call.name in words.DROPS and not call.arguments.get("p")):
            return True
        if masks and len(data) == 1 and call.name not in PRODUCTS:
            return True
        together = call.name in ("cat", "stack") and len(sources) == 1
        return together or (call.name == "where" and len(sources) == 1)

    def _added(
        self,
        node: Node,
        call: Call,
        data: list[Node],
        track: Track | None,
        parameters: frozenset[str],
        sign: Symbol,
    ) -> Seen:
        sources = dict.fromkeys(self._seen[one].step for one in data)
        for one in data:
            self._rearrange(one)
        self._fed.update(sources)
        modules = _modules(node)
        path = modules[-1][0] if modules else ""
        layer = path and (_is_torchs(node) or _is_layer(path, parameters))
        name = path if layer else ".".join(filter(None, (path, node.name)))
        if parameters and sign.kind == "cell" and sign.title in words.SIGNS:
            sign = Symbol(kind="cell", title=f"{sign.title} learnt")
        self.steps.append(
            Step(
                symbol=sign,
                name=name,
                modules=modules,
                inputs=tuple(sources),
                shape=call.output[1:],
                parameters=parameters,
                multiply_adds=multiply_adds(call) // self._batch,
                reach=track.seen if track else None,
            )
        )
        return Seen(step=len(self.steps) - 1, track=track)


def called(node: Node) -> Call:
    """Return a node as a call, its arguments bound to torch's names."""
    if not isinstance(node.target, OpOverload):
        return Call(name=getattr(node.target, "__name__", str(node.target)), output=_shape(node))
    schema = node.target._schema  # noqa: SLF001 - the only way to arguments' names
    values = {a.name: a.default_value for a in schema.arguments if a.has_default_value()}
    values |= dict(zip((a.name for a in schema.arguments), node.args, strict=False))
    values |= node.kwargs
    values = {("input" if name == "self" else name): value for name, value in values.items()}
    name = schema.name.partition("::")[2]
    tensors = {key: found for key, value in values.items() if (found := _first(value)) is not None}
    return Call(
        name=name.removesuffix("_") if not name.startswith("_") else name,
        arguments={key: value for key, value in values.items() if key not in tensors},
        shapes={key: _shape(one) for key, one in tensors.items()},
        output=_shape(node),
        products=tuple(_factors(name, node, values)),
    )


def _factors(name: str, node: Node, values: dict[str, Any]) -> Iterator[Shape]:
    if name in PRODUCTS:
        yield from (_shape(one) for one in node.all_input_nodes)
    elif name in RECURRENT:
        weights = values.get("params") or ()
        yield from (_shape(one) for one in weights if isinstance(one, Node))


def _first(value: object) -> Node | None:
    if isinstance(value, (list, tuple)):
        return next((one for one in value if isinstance(one, Node)), None)
    return value if isinstance(value, Node) else None


def _joined(call: Call, sources: list[int]) -> Symbol | None:
    if call.name not in words.JOINS or len(sources) < 2:
        return None
    return Symbol(kind="join", title=words.JOINS[call.name])


def _window(call: Call, seen: Seen, shape: Shape) -> tuple[int, int] | None:
    """Return size and step where time has just been cut into windows, on a new last axis."""
    if (
        call.name == "unfold"
        and seen.track
        and call.arguments["dimension"] % len(shape) == (seen.track.axis)
    ):
        return int(call.arguments["size"]), int(call.arguments["step"])
    return seen.window if call.name == "getitem" else None


def _windowed(call: Call, seen: Seen, shape: Shape) -> Symbol | None:
    """Return the pooling that the greatest, least or mean of windows of time is."""
    if seen.window is None or call.name not in ("max", "amax", "min", "amin", "mean"):
        return None
    dim = call.arguments.get("dim")
    dims = [dim] if isinstance(dim, int) else list(dim or ())
    if [d % len(shape) for d in dims] != [len(shape) - 1]:
        return None
    size, step = seen.window
    core = f"{size} /{step}" if step > 1 else str(size)
    return Symbol(kind="pool", title=words.REDUCTIONS[call.name], core=core)


def _modules(node: Node) -> tuple[tuple[str, str], ...]:
    stack = node.meta.get("nn_module_stack") or {}
    return tuple((path, _class(kind)) for path, kind in stack.values())


def _class(kind: object) -> str:
    return (kind if isinstance(kind, str) else getattr(kind, "__name__", "")).rpartition(".")[2]


def _is_torchs(node: Node) -> bool:
    *_, (_, kind) = node.meta["nn_module_stack"].values()
    home = kind if isinstance(kind, str) else f"{kind.__module__}."
    return home.startswith("torch.nn.modules.")


def _is_layer(path: str, parameters: frozenset[str]) -> bool:
    return bool(parameters) and all(p.rpartition(".")[0] == path for p in parameters)


def _value(node: Node) -> Any:  # noqa: ANN401 - whatever torch traced
    value = node.meta.get("val")
    return value[0] if isinstance(value, (list, tuple)) and value else value


def _shape(node: Node) -> Shape:
    value = _value(node)
    return tuple(int(n) for n in value.shape) if isinstance(value, torch.Tensor) else ()


def _dtype(node: Node) -> torch.dtype | None:
    value = _value(node)
    return value.dtype if isinstance(value, torch.Tensor) else None
