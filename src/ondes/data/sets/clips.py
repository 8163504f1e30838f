"""Your own labelled clips: a folder a class, a table file,label, arrays, or a .ts file.

What `path` may be is told in `ondes.data.folders`. How clips are parted goes by what is known of
them, in this order: a column `split` (train, valid, test), or folders of these names; a column
`fold`; groups, by a column or a regular expression, so that no speaker, person or session is on
two sides; else each class is dealt alike. The first says all; of folds, groups dealt to folds and
clips dealt to folds the `fold`-th is tested and the next validates. Without clips that validate,
one of five of those for training does.

Splits that are not apart are refused: a group on two sides, the same samples on two sides, windows
that overlap. So are clips for training with a channel that never moves. `all` is every clip, to
score a model on.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from ondes.data import splits
from ondes.data.clips import Clips, Target, check_moving
from ondes.data.files import Files
from ondes.data.folders import one_by_one, read_folder
from ondes.data.found import Found, Reading, Takes
from ondes.data.places import located
from ondes.data.splits import Split, Valid

ABOUT = "Your own labelled clips: a folder a class, a table, arrays, or a .ts file."
LEVEL = "clip"
TESTS = ("test",)


@dataclass(frozen=True, kw_only=True)
class Config:
    """Where the clips are, what their labels tell, and how they are parted.

    path: of the folder, table or file, here or in $ONDES_DATA.
    target: "class" (one each), "tags" (any number each) or "number".
    labels: all names, in order; empty takes those that occur, sorted.
    rate_hz: to which all are resampled; 0 keeps their own, which must then be one for all.
    mix: take the mean of the channels.
    group: a regular expression for the path of a recording; what its first parenthesis holds is
        the recording's group, as in "speaker-(\\\\w+)".
    fold: which fold is tested, from 0; null tests none. folds: to which groups or clips are dealt.
    valid: "group" validates by other folds or groups, "within" by clips of those learnt from.
    seed: of how clips and groups are dealt.
    memory_mb: clips that take more are read from disk each time they are asked for.
    files: what raw binary, NPY and NPZ files do not say themselves.
    """

    path: str
    target: Target = "class"
    labels: tuple[str, ...] = ()
    rate_hz: float = 0.0
    mix: bool = False
    group: str = ""
    fold: int | None = 0
    folds: int = 5
    valid: Valid = "group"
    seed: int = 0
    memory_mb: float = 1024.0
    files: Files = field(default_factory=Files)


def build(config: Config, *, split: str, seed: int = 0) -> Takes:  # noqa: ARG001 - config's own
    """One split: train, valid, test or all.

    Raises:
        InputError: nothing is there, labels do not fit, a split is empty or there are too few
            clips; LeakageError, which is one, where parts are not apart.
        FormatError: a file is damaged.
        RateError, ChannelError: recordings differ in rate or channels.
        NotFiniteError: a sample is NaN or infinite.
    """
    path = located(config.path, option="path")
    reading = Reading(rate_hz=config.rate_hz, mix=config.mix, files=config.files)
    if split == "all":
        return one_by_one(path, target=config.target, labels=config.labels, reading=reading)
    found = read_folder(
        path,
        target=config.target,
        labels=config.labels,
        reading=reading,
        group=config.group,
        memory_mb=config.memory_mb,
    )
    parts = _parted(found, config)
    splits.check(
        parts,
        groups=found.groups if found.grouped else None,
        content=found.content,
        spans=found.spans or None,
        names=found.names,
        valid="group" if found.parts or found.folds else config.valid,
    )
    chosen = found.clips.take(parts.part(split, of=config.path).tolist())
    if split == "train" and isinstance(chosen, Clips):
        check_moving(chosen)
    return chosen


def _parted(found: Found, config: Config) -> Split:
    if found.parts:
        return _with_valid(splits.given(found.parts), found, config)
    if found.folds:
        return splits.leave_group_out(
            found.folds, config.fold, strata=found.strata, valid=config.valid, keep=found.groups
        )
    return splits.leave_groups_out(
        found.groups,
        config.fold,
        folds=config.folds,
        strata=found.strata,
        valid=config.valid,
        seed=config.seed,
    )


def _with_valid(told: Split, found: Found, config: Config) -> Split:
    """The split that is told, a fifth of training validating where nothing else does."""
    if told.valid.size or not told.train.size:
        return told
    places = told.train.tolist()
    aside = splits.held(
        [found.strata[k] for k in places],
        groups=[found.groups[k] for k in places],
        seed=config.seed,
    )
    return Split(told.train[~aside], told.train[aside], told.test)
