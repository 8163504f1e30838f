"""Where time lies after an operation, and how far its values see then."""

from collections.abc import Callable, Sequence

from ondes.draw.call import ADAPTIVE, POOLS, PRODUCTS, RECURRENT, TRANSPOSED, Call
from ondes.draw.reach import Reach, Shape, Track, reshaped
from ondes.draw.words import REDUCTIONS

SHAPED = ("view", "reshape", "_unsafe_view", "flatten", "unflatten", "squeeze", "unsqueeze")
MIXING = ("cumsum", "cumprod", "flip", "roll", "sort", "topk", *RECURRENT)
ALONG = ("softmax", "_softmax", "log_softmax", "fft_rfft", "fft_fft", "fft_irfft")


def follow(call: Call, track: Track | None, shape: Shape) -> Track | None:
    """Return the track of the call's result as far as it follows from one tensor of `shape`.

    None where all of the signal is seen, or where time cannot be told apart any more.
    """
    if track is None or track.reach is None or call.name in MIXING:
        return None
    if call.is_convolution or call.name in POOLS:
        return _slid(call, track, track.reach, len(shape))
    if call.name in SHAPED:
        return reshaped(track, shape, call.output)
    special = _SPECIAL.get(call.name)
    if special is not None:
        return special(call, track, shape)
    if call.name in REDUCTIONS:
        return _reduced(call, track, shape)
    if call.name in ADAPTIVE:
        kept = shape[track.axis] == call.output[track.axis]
        return track if kept else None
    if call.name in ALONG and _dim(call, shape) == track.axis:
        return None
    return _broadcast(call, track, shape)


def _slid(call: Call, track: Track, reach: Reach, axes: int) -> Track | None:
    """Follow a convolution or pooling, which slides along the last axes."""
    place = track.axis - (axes - len(call.kernel))
    if place < 0:
        mixes = call.is_convolution and place == -1
        return None if mixes else track
    size = (call.kernel[place] - 1) * call.dilation[place] + 1
    stride, before = call.stride[place], call.padding[place]
    move = reach.spread if call.name in TRANSPOSED else reach.window
    return Track(track.axis, move(size=size, stride=stride, before=before))


def _broadcast(call: Call, track: Track, shape: Shape) -> Track | None:
    """Follow what is computed value by value: axes are aligned from the right."""
    axis = track.axis + len(call.output) - len(shape)
    if not 0 <= axis < len(call.output) or call.output[axis] != shape[track.axis]:
        return None
    return track._replace(axis=axis)


def _reduced(call: Call, track: Track, shape: Shape) -> Track | None:
    given = call.arguments.get("dim")
    dims = [given] if isinstance(given, int) else list(given or range(len(shape)))
    dims = [d % len(shape) for d in dims]
    if track.axis in dims:
        return None
    return Track(_left(track.axis, dims, keep=len(call.output) == len(shape)), track.reach)


def _left(axis: int, dims: Sequence[int], *, keep: bool) -> int:
    return axis if keep else axis - sum(d < axis for d in dims)


def _permuted(call: Call, track: Track, shape: Shape) -> Track:
    order = list(range(len(shape)))
    if call.name == "permute":
        order = [d % len(shape) for d in call.arguments["dims"]]
    elif call.name in ("t", "numpy_T"):
        order.reverse()
    elif call.name in ("mT", "adjoint"):
        order[-2:] = order[:-3:-1]
    else:
        a, b = (call.arguments[name] % len(shape) for name in ("dim0", "dim1"))
        order[a], order[b] = b, a
    return track._replace(axis=order.index(track.axis))


def _moved(call: Call, track: Track, shape: Shape) -> Track | None:
    ends = (call.arguments["source"], call.arguments["destination"])
    sources, targets = ([d % len(shape) for d in _listed(end)] for end in ends)
    if track.axis in sources:
        return Track(targets[sources.index(track.axis)], track.reach)
    rest = [d for d in range(len(shape)) if d not in sources]
    free = [d for d in range(len(shape)) if d not in targets]
    return Track(free[rest.index(track.axis)], track.reach)


def _listed(value: int | Sequence[int]) -> list[int]:
    return [value] if isinstance(value, int) else list(value)


def _selected(call: Call, track: Track, shape: Shape) -> Track | None:
    dim = _dim(call, shape)
    return None if dim == track.axis else Track(_left(track.axis, [dim], keep=False), track.reach)


def _sliced(call: Call, track: Track, shape: Shape) -> Track | None:
    if track.reach is None or _dim(call, shape) != track.axis:
        return track
    start = call.arguments.get("start") or 0
    start = max(start + shape[track.axis], 0) if start < 0 else start
    step = call.arguments.get("step") or 1
    if (start, step) == (0, 1):
        return track
    return Track(track.axis, track.reach.window(size=1, stride=step, before=-start))


def _split(call: Call, track: Track, shape: Shape) -> Track | None:
    return None if _dim(call, shape) == track.axis else track


def _stacked(call: Call, track: Track, shape: Shape) -> Track:
    dim = call.arguments.get("dim", 0) % (len(shape) + 1)
    return Track(track.axis + (dim <= track.axis), track.reach)


def _joined(call: Call, track: Track, shape: Shape) -> Track | None:
    same = _dim(call, shape) != track.axis or call.output[track.axis] == shape[track.axis]
    return track if same else None


def _padded(call: Call, track: Track, shape: Shape) -> Track | None:
    pads = call.arguments.get("pad") or call.arguments.get("padding") or ()
    place = 2 * (len(shape) - 1 - track.axis)
    if track.reach is None or place >= len(pads):
        return track
    return Track(track.axis, track.reach.window(size=1, before=pads[place]))


def _unfolded(call: Call, track: Track, shape: Shape) -> Track | None:
    dim, size, step = (call.arguments[name] for name in ("dimension", "size", "step"))
    if track.reach is None or dim % len(shape) != track.axis:
        return track
    return Track(track.axis, track.reach.window(size=size, stride=step))


def _multiplied(call: Call, track: Track, shape: Shape) -> Track | None:
    """Follow a product: its rows are the first's, its columns the second's."""
    from_right = track.axis - len(shape)
    is_second = len(call.products) == 2 and call.products[1] == shape != call.products[0]
    contracted = -2 if is_second else -1
    axis = len(call.output) + from_right
    if call.name == "einsum" or from_right == contracted or axis < 0:
        return None
    return track._replace(axis=axis)


def _dense(_call: Call, track: Track, shape: Shape) -> Track | None:
    return None if track.axis == len(shape) - 1 else track


def _normed(call: Call, track: Track, shape: Shape) -> Track | None:
    over = len(call.arguments.get("normalized_shape", ()))
    return None if track.axis >= len(shape) - over else track


def _same(_call: Call, track: Track, _shape: Shape) -> Track:
    return track


def _whole(call: Call, _track: Track, _shape: Shape) -> None:
    assert call.name


def _upsampled(call: Call, track: Track, shape: Shape) -> Track | None:
    if track.reach is None or track.axis < 2:
        return track
    times, rest = divmod(call.output[track.axis], shape[track.axis])
    near = "nearest" in call.name
    if rest or not times:
        return None
    size, before = (times, 0) if near else (2 * times, times // 2)
    return Track(track.axis, track.reach.spread(size=size, stride=times, before=before))


def _transformed(call: Call, track: Track, shape: Shape) -> Track | None:
    n_fft = call.arguments["n_fft"]
    hop = call.arguments.get("hop_length") or n_fft // 4
    before = n_fft // 2 if call.arguments.get("center") else 0
    if track.reach is None or track.axis != len(shape) - 1:
        return None
    return Track(len(shape), track.reach.window(size=n_fft, stride=hop, before=before))


def _dim(call: Call, shape: Shape) -> int:
    dim = call.arguments.get("dim")
    return int(0 if dim is None else dim) % max(len(shape), 1)


_SPECIAL: dict[str, Callable[[Call, Track, Shape], Track | None]] = {
    **dict.fromkeys(("permute", "transpose", "t", "numpy_T", "mT", "adjoint"), _permuted),
    **dict.fromkeys(("select", "unbind", "index_select"), _selected),
    **dict.fromkeys(("split", "split_with_sizes", "chunk", "tensor_split"), _split),
    **dict.fromkeys(("pad", "constant_pad_nd"), _padded),
    **dict.fromkeys(("upsample_nearest1d", "upsample_nearest2d"), _upsampled),
    **dict.fromkeys(("upsample_linear1d", "upsample_bilinear2d"), _upsampled),
    **dict.fromkeys(("instance_norm", "group_norm", "scaled_dot_product_attention"), _whole),
    **dict.fromkeys(PRODUCTS, _multiplied),
    **dict.fromkeys(("view_as_real", "view_as_complex", "embedding"), _same),
    "movedim": _moved,
    "slice": _sliced,
    "stack": _stacked,
    "cat": _joined,
    "unfold": _unfolded,
    "linear": _dense,
    "layer_norm": _normed,
    "stft": _transformed,
}
