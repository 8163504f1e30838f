"""A detector simple enough to be sure of, and a program that watches a file with it.

python loud.py FILE STORE LINES KILLS: children watch the file and are killed, the last one is not.
"""

import os
import random
import signal
import sys
import time
from pathlib import Path

import numpy as np

from ondes.errors import RateError
from ondes.events import Event, EventList
from ondes.run.live import JsonLines, Settings, Watch, source_of, watch
from ondes.run.live.store import Run, Store
from ondes.run.monitor import Monitor, Rules
from ondes.spec import Spec

RATE_HZ = 10_000.0
LEVEL = 0.5
RULES = Rules.of(
    {
        "alarms": {
            "five": {"kind": "run", "of": "loud", "count": 5, "apart_s": 0.02},
            "fast": {"kind": "rate", "of": "loud", "above_per_min": 2_000, "over": 4},
            "pause": {"kind": "pause", "of": "loud", "longer_s": 0.1},
            "long": {"kind": "lasting", "of": "loud", "longer_s": 0.07},
            "many": {"kind": "count", "of": "loud", "count": 4, "within_s": 0.1},
        }
    }
)
CONTEXT = 37  # samples that a new listener wants to hear before what it tells


class Loud:
    """Every run of samples above a half is an event of its channel."""

    spec = Spec(RATE_HZ, 1, ("loud",), hop=1, look_back=0, look_ahead=0)

    def __init__(self, *, pause_s=0.0):
        self.pause_s = pause_s

    def listen(self, *, rate_hz, channels=("0",), choice=None, resample=False, start=0):
        if rate_hz != RATE_HZ:
            raise RateError(f"a recording at {rate_hz:g} Hz for one that hears {RATE_HZ:g} Hz")
        return Hearing(len(channels), start, self.pause_s)

    def detect(self, x, *, start=0):
        hearing = self.listen(rate_hz=RATE_HZ, channels=("0",) * len(x), start=start)
        return hearing.push(x) + hearing.finish()


class Hearing:
    def __init__(self, n_channels, start, pause_s):
        self.start = self.at = start
        self.since = [None] * n_channels
        self.pause_s = pause_s

    @property
    def decided(self):
        return min([self.at, *(since for since in self.since if since is not None)])

    @property
    def restart(self):
        return max(self.start, self.decided - CONTEXT)

    def push(self, block):
        time.sleep(self.pause_s)
        found = []
        for channel, row in enumerate(block):
            loud = np.concatenate([[self.since[channel] is not None], row > LEVEL])
            for i in np.flatnonzero(loud[1:] != loud[:-1]).tolist():
                if self.since[channel] is None:
                    self.since[channel] = self.at + i
                else:
                    found.append(self.event(channel, self.at + i))
        self.at += block.shape[1]
        return EventList.of(found, rate_hz=RATE_HZ)

    def finish(self):
        sounding = [c for c, since in enumerate(self.since) if since is not None]
        return EventList.of([self.event(c, self.at) for c in sounding], rate_hz=RATE_HZ)

    def event(self, channel, offset):
        onset, self.since[channel] = self.since[channel], None
        return Event(onset, offset, "loud", channel, 0.5)


def noise(n_samples, n_channels=2, seed=0, spread=40):
    """Runs of all lengths [channel, time], long ones in the first channel."""
    rng = np.random.default_rng(seed)
    x = np.zeros((n_channels, n_samples), np.float32)
    for channel in range(n_channels):
        lengths = rng.integers(1, 800 if channel == 0 else spread, n_samples)
        lengths = lengths[: np.searchsorted(np.cumsum(lengths), n_samples) + 1]
        value = np.repeat(np.arange(len(lengths)) % 2, lengths)[:n_samples]
        x[channel] = value * 0.9
    return x


class Beat:
    """A sink after the others: says that they have kept a batch."""

    def __init__(self, pipe):
        self.pipe = pipe

    def write(self, batch):
        os.write(self.pipe, b".")


def watch_file(path, store_path, lines_path, beats):
    """Watch a file to its end, or until somebody kills the process."""
    source = source_of(path, rate_hz=RATE_HZ, n_channels=2, dtype="float32", fast=True)
    store = Store(store_path, Run(path, "loud", RATE_HZ, 2))
    monitor = Monitor(RULES, rate_hz=RATE_HZ, channels=(0, 1), state=store.monitor)
    lines = JsonLines(
        Path(lines_path),
        rate_hz=RATE_HZ,
        resume=store.position.decided,
        known=store.known,
        has=monitor.has,
    )
    job = Watch(
        Loud(pause_s=0.001),
        source,
        sinks=[lines, store, Beat(beats)],
        settings=Settings(block_s=0.1),
        position=store.position,
        known=store.known,
        monitor=monitor,
    )
    job.run()
    if job.failure:
        raise job.failure


def killed(rng, *words):
    """Start a child and kill it some commits later; return its exit status, None if it was killed.

    The moments lie before, in and after the commits.
    """
    ears, beats = os.pipe()
    child = os.fork()
    if not child:
        watch_file(*words, beats)
        os._exit(0)
    os.close(beats)
    for _ in range(rng.randrange(4)):
        os.read(ears, 1)
    time.sleep(rng.uniform(0.0, 0.02))
    os.kill(child, signal.SIGKILL)
    os.close(ears)
    status = os.waitpid(child, 0)[1]
    return None if os.WIFSIGNALED(status) else os.WEXITSTATUS(status)


def main(path, store_path, lines_path, kills):
    watch.COMMIT_S = 0.01  # more often than in earnest: more to go wrong
    rng, words = random.Random(int(kills)), (path, store_path, lines_path)
    outcomes = [killed(rng, *words) for _ in range(int(kills))]
    watch_file(*words, os.open(os.devnull, os.O_WRONLY))
    print(outcomes.count(None))


if __name__ == "__main__":
    main(*sys.argv[1:])
