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


def one_class(frame, onset, offset, high, low, d):
    """Rows of (onset, offset in frames, struck, first, stop, active probabilities, peak)."""
    pad = 3 * d.halo
    frame = np.pad(frame.astype(float), pad)
    onset = None if onset is None else np.pad(onset.astype(float), pad)
    offset = None if offset is None else np.pad(offset.astype(float), pad)
    smooth = median(frame, d.median)
    active = smooth >= low
    starts = starts_of(active, onset, d)
    begin = {}
    for k, peak in starts.items():
        if peak is None:
            begin[k] = k - 0.5 + crossing(frame, low, k - 1, k) + d.onset_shift
        else:
            begin[k] = peak + 0.5 + centroid(onset, peak, d.reach) + d.onset_shift
    rows = []
    for k in sorted(starts):
        stop = k + 1
        while active[stop] and stop not in starts:
            stop += 1
        if stop in starts:
            end = begin[stop]
        else:
            end = stop + 0.5 - crossing(frame, low, stop, stop - 1)
            if offset is not None:
                near = range(stop - d.attach, stop + d.attach + 1)
                peak = max(near, key=lambda k: (offset[k], -k))
                if offset[peak] >= d.offset:
                    end = peak + 0.5 + centroid(offset, peak, d.reach)
            end += d.offset_shift
            for later in sorted(starts):
                if stop < later <= stop + d.near:
                    end = min(end, begin[later])
                    break
        peak = 0.0 if onset is None else max(onset[k - d.attach : k + d.attach + 1])
        peak = peak if starts[k] is None else onset[starts[k]]
        row = dict(begin=begin[k] - pad, end=end - pad, struck=starts[k] is not None)
        row.update(first=k, stop=stop, values=list(frame[k:stop]), peak=peak)
        if row["struck"] or max(smooth[k:stop]) >= high:
            rows.append(row)
    return merged(rows, d.gap_frames)


def merged(rows, gap):
    out = []
    for row in rows:
        if out and not row["struck"] and row["first"] - out[-1]["stop"] <= gap:
            out[-1].update(end=row["end"], stop=row["stop"])
            out[-1]["values"] += row["values"]
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


def decode(probs, timebase, labels, d):
    highs, lows = d.highs(len(labels)), d.lows(len(labels))
    heads = [*probs, None, None][:3]
    events = []
    for c, label in enumerate(labels):
        maps = [None if head is None else head[c] for head in heads]
        for row in one_class(*maps, highs[c], lows[c], d):
            if row["stop"] - row["first"] >= d.min_frames and score(row, d) >= d.min_score:
                begin = timebase.start + math.floor(row["begin"] * timebase.hop + 0.5)
                end = timebase.start + math.floor(row["end"] * timebase.hop + 0.5)
                events.append(Event(begin, max(end, begin + 1), label, 0, score(row, d)))
    span = timebase.sample_of(0), timebase.sample_of(probs.shape[2])
    return EventList.of(events, rate_hz=timebase.rate_hz).crop(*span)
