"""Where is the receiver? WiFi channel state at eight places of an office, over days (MIT).

The folder holds `csi.npz`: `amp` [recording, 3 antennas, 30 subcarriers, 64 packets of some four
minutes], `location`, `day` and `period` (a round through all places). The channel drifts: what is
learnt on one day says little about the next. So days up to `until` are learnt from and later ones
tested (`test`); the last round of each of the former is kept aside for `same`, which tells what
scores would be without the drift. With `until: null` one day, the `fold`-th, is tested instead.
The last days learnt from validate, until they hold a tenth; or, with `valid: within`, one of five
rounds.
"""

from __future__ import annotations

import zipfile
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ondes.data import splits
from ondes.data.clips import Clips, Samples, one_hot
from ondes.data.places import located
from ondes.data.splits import Places, Split, Valid
from ondes.errors import FormatError, InputError

ABOUT = "Eight places told apart by WiFi channel state, later days held out."
LEVEL = "clip"
TESTS = ("test", "same")
LABELS = tuple("12345678")
MINUTES = 4.0
View = Literal["packets", "subcarriers", "joint"]
THIRDS = 3
"""Of an antenna's subcarriers, with each of which the packets of every subcarrier are compared."""


@dataclass(frozen=True, kw_only=True)
class Config:
    """`folder` of the set, here or in $ONDES_DATA, and how it is parted and seen.

    until: the last day that is learnt from; null: leave one day out.
    fold: which day is left out, from 0, in their order; null tests none. Only without `until`.
    valid: "group" validates by other days, "within" by rounds of those learnt from.
    view: "packets" gives 90 channels (3 antennas of 30 subcarriers) of 64 packets, at about one
        in four seconds; "subcarriers" 6 channels (mean over the packets, and spread, at each
        antenna) of 30 subcarriers, their place being the time axis; "joint" 27 channels more: how
        packets at each antenna vary together with the lower, middle and upper third of all three
        antennas' subcarriers (correlations).
    level: bring each packet to an RMS of 1, which removes what gain control left.
    """

    folder: str = "wifi_csi_loc"
    until: int | None = 8
    fold: int | None = 0
    valid: Valid = "group"
    view: View = "packets"
    level: bool = True


@dataclass(frozen=True, eq=False)
class _Set:
    """All recordings as clips, grouped by day; the day and the round of each."""

    clips: Clips
    days: NDArray[np.int64]
    rounds: tuple[str, ...]

    @property
    def places(self) -> list[str]:
        return self.clips.classes


def build(config: Config, *, split: str, seed: int = 0) -> Clips:  # noqa: ARG001 - nothing drawn
    """One split: train, valid, test (other days), same (other rounds of the same days) or all.

    Raises InputError where the folder, the days or the fold are missing, FormatError where the
    file is damaged.
    """
    whole = _read(located(config.folder, option="folder"), config.view, config.level)
    if split == "all":
        return whole.clips
    same = _last_rounds(whole, config.until)
    parts = _parted(whole, config, same)
    splits.check(parts, groups=whole.rounds, content=whole.clips.digests)
    splits.check(parts, groups=whole.clips.groups, valid=config.valid)
    if split == "same":
        aside = replace(parts, test=same)
        splits.check(aside, groups=whole.rounds, content=whole.clips.digests)
        return whole.clips.take(aside.part("test", of="csi"))
    return whole.clips.take(parts.part(split, of="csi"))


def _last_rounds(whole: _Set, until: int | None) -> Places:
    """Where the last of several rounds of each day up to `until` stands."""
    last: list[str] = []
    for day in np.unique(whole.days[whole.days <= (until or 0)]):
        rounds = sorted({whole.rounds[k] for k in np.flatnonzero(whole.days == day)})
        last += rounds[-1:] if len(rounds) > 1 else []
    return np.flatnonzero(np.isin(np.array(whole.rounds), last))


def _parted(whole: _Set, config: Config, same: Places) -> Split:
    names = [str(day) for day in np.unique(whole.days).tolist()]
    if config.until is None:
        return splits.leave_group_out(
            whole.clips.groups,
            config.fold,
            strata=whole.places,
            valid=config.valid,
            keep=whole.rounds,
            order=names,
        )
    early = np.setdiff1d(np.flatnonzero(whole.days <= config.until), same)
    if not early.size:
        raise InputError(f"csi begins on day {names[0]}, until={config.until}: give a later day")
    days = sorted(set(whole.days[early].tolist()), reverse=True)
    inner = splits.leave_group_out(
        np.array(whole.clips.groups)[early].tolist(),
        None,
        strata=np.array(whole.places)[early].tolist(),
        valid=config.valid,
        keep=np.array(whole.rounds)[early].tolist(),
        order=list(map(str, days)),
    )
    late = np.flatnonzero(whole.days > config.until)
    return Split(early[inner.train], early[inner.valid], late)


@lru_cache(maxsize=1)
def _read(folder: Path, view: View, level: bool) -> _Set:  # noqa: FBT001
    amp, locations, days, periods = _arrays(folder / "csi.npz")
    if level:
        amp = amp / np.sqrt(np.square(amp).mean(axis=(1, 2), keepdims=True))
    x, rate_hz = _seen(amp, view)
    clips = Clips(
        x,
        one_hot(list(map(str, locations)), LABELS),
        labels=LABELS,
        rate_hz=rate_hz,
        groups=list(map(str, days)),
        channels=x.shape[1],
    )
    rounds = tuple(f"{day}-{period:02d}" for day, period in zip(days, periods, strict=True))
    return _Set(clips, np.array(days, np.int64), rounds)


def _seen(amp: Samples, view: View) -> tuple[Samples, float]:
    """Clips [n, channel, time] and their rate."""
    n, antennas, subcarriers, packets = amp.shape
    if view == "packets":
        return amp.reshape(n, antennas * subcarriers, packets), packets / (60 * MINUTES)
    seen = [amp.mean(axis=3), amp.std(axis=3)]
    if view == "joint":
        seen.append(_together(amp))
    return np.concatenate(seen, axis=1), 1.0


def _together(amp: Samples) -> Samples:
    """How packets vary with those of thirds of the antennas: [n, third * antenna, subcarrier]."""
    n, antennas, subcarriers, packets = amp.shape
    moves = amp - amp.mean(axis=3, keepdims=True)
    thirds = moves.reshape(n, antennas * THIRDS, subcarriers // THIRDS, packets).mean(axis=2)
    likeness: Samples = np.einsum("ngt,nast->ngas", _unit(thirds), _unit(moves))
    return likeness.reshape(n, -1, subcarriers)


def _unit(x: Samples) -> Samples:
    """Rows of length 1, or of 0 where nothing moves."""
    length: Samples = np.linalg.norm(x, axis=-1, keepdims=True)
    length[length == 0] = 1
    return x / length


def _arrays(path: Path) -> tuple[Samples, list[int], list[int], list[int]]:
    try:
        with np.load(path, allow_pickle=False) as file:
            amp = file["amp"].astype(np.float32)
            columns = [file[name].tolist() for name in ("location", "day", "period")]
    except FileNotFoundError as error:
        raise InputError(f"no {path}; give the folder of the set") from error
    except (OSError, ValueError, KeyError, zipfile.BadZipFile) as error:
        raise FormatError(f"{path} is damaged or something else ({error}); get it again") from error
    if amp.ndim != 4 or any(len(column) != len(amp) for column in columns):
        raise FormatError(f"{path} holds no amplitudes [n, antenna, subcarrier, packet]")
    return amp, columns[0], columns[1], columns[2]
