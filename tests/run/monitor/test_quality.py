"""Bad signal against a plain look at every window; detectors that leave it alone."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ondes.errors import InputError
from ondes.events import EventList
from ondes.io import read
from ondes.run.detector import joined, ongoing
from ondes.run.monitor import Checked, Quality, load, stretches
from ondes.run.monitor.quality import Flat, Saturated
from ondes.spec import Spec

RATE_HZ = 100.0


class Ticks:
    """Every sample above a half whose predecessor is not begins an event of five samples."""

    spec = Spec(RATE_HZ, 1, ("tick",), hop=1, look_back=0, look_ahead=0)

    def __init__(self, n_channels=1):
        if n_channels > 1:
            self.spec = Spec(RATE_HZ, n_channels, ("tick",), hop=1, look_back=0, look_ahead=0)

    def listen(self, *, rate_hz, channels=("0",), choice=None, resample=False, start=0):
        return Ticking(start, together=self.spec.channels > 1)


class Ticking:
    def __init__(self, start, *, together):
        self.start = self.at = start
        self.together, self.x, self.given = together, None, start

    @property
    def decided(self):
        return max(self.start, self.given)

    @property
    def restart(self):
        return max(self.start, self.decided - 1)

    def push(self, block):
        self.x = block if self.x is None else np.concatenate([self.x, block], axis=1)
        self.at += block.shape[1]
        return self._upto(self.at - 5)

    def finish(self):
        return self._upto(self.at)

    def _upto(self, stop):
        rows = self.x[:1] if self.together else self.x
        found = []
        for channel, row in enumerate(rows > 0.5):
            begins = np.flatnonzero(row & ~np.append(True, row[:-1])) + self.start
            found += [
                (t, min(t + 5, self.at), "tick", channel)
                for t in begins.tolist()
                if self.given <= t < stop
            ]
        self.given = max(self.given, stop)
        return EventList.of(found, rate_hz=RATE_HZ)


def plain(bad):
    """Join windows [start, stop) that overlap or touch."""
    joined = []
    for start, stop in bad:
        if joined and start <= joined[-1][1]:
            joined[-1][1] = stop
        else:
            joined.append([start, stop])
    return [tuple(span) for span in joined]


values = st.lists(
    st.tuples(st.sampled_from([0.0, 0.05, 0.1, 1.0, -1.0, 0.9]), st.integers(1, 9)), max_size=30
)


@given(runs=values, cuts=st.lists(st.integers(0, 100), max_size=9), size=st.integers(1, 12))
@pytest.mark.parametrize("kind", [Flat, Saturated])
def test_stretches_are_the_bad_windows(kind, runs, cuts, size):
    x = np.repeat(*zip(*runs, strict=True)).astype(np.float32) if runs else np.zeros(1, np.float32)
    watcher, found, undecided = kind(np.float32(0.1 if kind is Flat else 0.9), size), [], 0
    for part in np.split(x, sorted(min(cut, len(x)) for cut in cuts)):
        if not len(part):
            continue
        found += watcher.push(part)
        assert undecided <= watcher.undecided
        undecided = watcher.undecided
        assert all(stop <= watcher.first for _, stop in found)
    found += watcher.finish()
    windows = [(i, i + size, x[i : i + size]) for i in range(len(x) - size + 1)]
    if kind is Flat:
        bad = [(a, b) for a, b, w in windows if w.max() - w.min() <= np.float32(0.1)]
    else:
        bad = [(a, b) for a, b, w in windows if w.min() >= np.float32(0.9) or w.max() <= -0.9]
    assert found == plain(bad)


QUALITY = Quality.of(
    {
        "flat": {"within": 0.01, "longer_s": 0.3},
        "saturated": {"beyond": 2, "longer_s": 0.1},
        "margin_s": 0.04,
    }
)


def take(seed, n_channels=1, n=3000):
    """Noise with ticks, stretches of it flat or at the rail."""
    rng = np.random.default_rng(seed)
    x = rng.normal(0, 0.1, (n_channels, n)).astype(np.float32)
    x[rng.random(x.shape) < 0.02] = 1.0
    for row in x:
        for at in rng.integers(0, n, 6).tolist():
            row[at : at + int(rng.integers(5, 200))] = rng.choice([0.0, 1.0, 2.5, -2.5])
    return x


def whole(detector, x):
    hearing = detector.listen(rate_hz=RATE_HZ, channels=tuple(map(str, range(len(x)))))
    return joined([hearing.push(x), hearing.finish()], RATE_HZ)


@settings(max_examples=15)
@given(
    seed=st.integers(0, 10**6),
    n_channels=st.sampled_from([1, 2]),
    together=st.booleans(),
    steps=st.lists(st.integers(1, 400), min_size=1, max_size=15),
)
def test_what_is_withheld_depends_on_no_cut(seed, n_channels, together, steps):
    x = take(seed, n_channels)
    detector = Ticks(n_channels if together else 1)
    checked = Checked(detector, QUALITY)
    expected = whole(checked, x)
    names = tuple(map(str, range(n_channels)))
    hearing, found, decided = checked.listen(rate_hz=RATE_HZ, channels=names), [], 0
    cuts = [cut for cut in np.cumsum(steps).tolist() if cut < 3000]
    for part in np.split(x, cuts, axis=1):
        found.append(hearing.push(part))
        assert decided <= hearing.decided
        decided = hearing.decided
        known = ongoing(hearing)
        told = [str(event) for part in found for event in part]
        for event in expected:
            if event.onset < known.settled and str(event) not in told:
                assert any(e[0] == event.onset and e[1] <= event.offset for e in known.open)
        before = [str(event) for event in expected if event.onset < decided]
        assert set(before) <= set(told) <= set(map(str, expected))
        at = hearing.restart
        again = checked.listen(rate_hz=RATE_HZ, channels=names, start=at)
        rest = joined([again.push(x[:, at:]), again.finish()], RATE_HZ)
        later = [str(e) for e in rest if e.onset >= decided]
        assert later == [str(e) for e in expected if e.onset >= decided]
    found.append(hearing.finish())
    assert joined(found, RATE_HZ) == expected


@settings(max_examples=25)
@given(seed=st.integers(0, 10**6))
def test_events_in_bad_signal_are_withheld_and_all_others_stay(seed):
    x = take(seed)
    bad = EventList.of(stretches(x, QUALITY, rate_hz=RATE_HZ), rate_hz=RATE_HZ)
    events = whole(Ticks(), x)
    kept = [
        e
        for e in events
        if not any(b.onset - 4 <= e.onset and e.offset <= b.offset + 4 for b in bad)
    ]
    expected = joined([EventList.of(kept, rate_hz=RATE_HZ), bad], RATE_HZ)
    assert whole(Checked(Ticks(), QUALITY), x) == expected


def test_limits_need_the_unit_of_the_signal():
    quality = Quality.of({"flat": {"within": "20 uV"}})
    with pytest.raises(InputError, match="does not tell its unit"):
        Checked(Ticks(), quality).listen(rate_hz=RATE_HZ)
    with pytest.raises(InputError, match="for a signal in g"):
        Checked(Ticks(), quality, unit="g").listen(rate_hz=RATE_HZ)
    x = np.zeros((2, 300), np.float32)
    x[1, ::2] = 0.03
    found = stretches(x[1:], quality, rate_hz=RATE_HZ, unit="mV")
    assert found == []
    assert [row[2] for row in stretches(x, quality, rate_hz=RATE_HZ, unit="mV")] == ["flat"]
    checked = Checked(Ticks(), quality, unit="mV, V")
    assert [e.channel for e in whole(checked, x)] == [0]


def test_a_real_record_is_good_until_its_lead_falls_off(shared_data):
    signal = read(shared_data / "ecg_mitbih" / "100.hea", part="MLII", stop_s=60)
    quality = load("ecg").quality
    x = signal.samples.copy()
    assert stretches(x, quality, rate_hz=signal.rate_hz, unit=signal.unit) == []
    x[:, 7200:10800] = 0.33
    x[:, 14400:14800] = 5.115
    found = stretches(x, quality, rate_hz=signal.rate_hz, unit=signal.unit)
    assert found == [(7200, 10800, "flat", 0), (14400, 14800, "saturated", 0)]
