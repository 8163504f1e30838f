"""The decoding rules once more, one class and one frame at a time, slow and plain."""

import math

import numpy as np

from ondes.events import Event, EventList


def median(values, width):
    half = width // 2
    padded = np.pad(values, half)
    return np.array([np.median(padded[i : i + width]) for i in range(len(values))])


def centroid(values, peak, reach):
    near = range(peak - reach, peak + reach + 1)
    return sum((k - peak) * values[k] for k in near) / sum(values[k] for k in near)


def is_peak(onset, k, reach):
    before, after = onset[k - reach : k], onset[k + 1 : k + reach + 1]
    return all(onset[k] > v for v in before) and all(onset[k] >= v for v in after)


def starts_of(active, onset, d):
    """Map from the frame where an event begins to its onset peak, or to None."""
    starts = {k: None for k in range(1, len(active)) if active[k] and not active[k - 1]}
    for peak in range(d.halo, len(active) - d.halo):
        if onset is None or not is_peak(onset, peak, d.reach):
            continue
        target = next((k for k in range(peak, peak + d.attach + 1) if active[k]), None)
        if target is None:
            continue
        run = target
        while active[run - 1]:
            run -= 1
        fresh = target - run <= d.attach
        if onset[peak] >= (d.onset if fresh else d.restart):
            frame = run if fresh else target
            held = starts.get(frame)
            if held is None or onset[peak] > onset[held]:
                starts[frame] = peak
    return starts


def crossing(frame, low, outside, inside):
    rise = frame[inside] - frame[outside]
    return min(max((low - frame[outside]) / rise, 0), 1) if rise > 0 else 0.5


def one_class(maps, high, low, d):
    """Rows of one class; positions in frames."""
    pad = 3 * d.halo
    frame, onset, offset = (None if m is None else np.pad(m.astype(float), pad) for m in maps)
    smooth = median(frame, d.median)
    active = smooth >= low
    starts = starts_of(active, onset, d)
    begin = {k: begin_of(k, peak, frame, onset, low, d) for k, peak in starts.items()}
    rows = []
    for k in sorted(starts):
        stop = k + 1
        while active[stop] and stop not in starts:
            stop += 1
        end = end_of(stop, begin, frame, offset, low, d)
        row = {"begin": begin[k] - pad, "end": end - pad, "first": k, "stop": stop}
        row.update(struck=starts[k] is not None, values=list(frame[k:stop]))
        row.update(cells=list(range(k, stop)), peak=height_of(k, starts[k], onset, d))
        if row["struck"] or max(smooth[k:stop]) >= high:
            rows.append(row)
    return merged(rows, d.gap_frames)


def begin_of(k, peak, frame, onset, low, d):
    if peak is None:
        return k - 0.5 + crossing(frame, low, k - 1, k) + d.onset_shift
    return peak + 0.5 + centroid(onset, peak, d.reach) + d.onset_shift


def end_of(stop, begin, frame, offset, low, d):
    if stop in begin:
        return begin[stop]
    end = stop + 0.5 - crossing(frame, low, stop, stop - 1)
    if offset is not None:
        peak = max(range(stop - d.attach, stop + d.attach + 1), key=lambda k: (offset[k], -k))
        if offset[peak] >= d.offset:
            end = peak + 0.5 + centroid(offset, peak, d.reach)
    later = [begin[k] for k in sorted(begin) if stop < k <= stop + d.near]
    return min([end + d.offset_shift, *later[:1]])


def height_of(k, peak, onset, d):
    if onset is None:
        return 0.0
    return max(onset[k - d.attach : k + d.attach + 1]) if peak is None else onset[peak]


def merged(rows, gap):
    out = []
    for row in rows:
        if out and not row["struck"] and row["first"] - out[-1]["stop"] <= gap:
            out[-1].update(end=row["end"], stop=row["stop"])
            out[-1]["values"] += row["values"]
            out[-1]["cells"] += row["cells"]
        else:
            out.append(row)
    return out


def odds(p):
    p = min(max(p, 1e-4), 1 - 1e-4)
    return math.log(p / (1 - p))


def score(row, d):
    parts = [odds(np.mean(row["values"])), odds(max(row["values"])), odds(row["peak"])]
    parts.append(math.log(row["stop"] - row["first"]))
    return 1 / (1 + math.exp(-d.bias - sum(w * x for w, x in zip(d.weights, parts, strict=True))))


def most(row, frame, labels, d):
    cells = [k - 3 * d.halo for k in row["cells"]]
    return labels[max(range(len(labels)), key=lambda c: sum(frame[c].astype(float)[cells]))]


def decode(probs, timebase, labels, d):
    names, frame = labels, probs[0]
    if d.exclusive:
        probs, labels = np.minimum(probs.sum(axis=1, keepdims=True), 1), ("one of them",)
    highs, lows = d.highs(len(labels)), d.lows(len(labels))
    heads = [*probs, None, None][:3]
    events = []
    for c, label in enumerate(labels):
        maps = [None if head is None else head[c] for head in heads]
        for row in one_class(maps, highs[c], lows[c], d):
            name = most(row, frame, names, d) if d.exclusive else label
            if row["stop"] - row["first"] >= d.min_frames and score(row, d) >= d.min_score:
                begin = timebase.start + math.floor(row["begin"] * timebase.hop + 0.5)
                end = timebase.start + math.floor(row["end"] * timebase.hop + 0.5)
                events.append(Event(begin, max(end, begin + 1), name, 0, score(row, d)))
    span = timebase.sample_of(0), timebase.sample_of(probs.shape[2])
    return EventList.of(events, rate_hz=timebase.rate_hz).crop(*span)
