"""What the other sensor truly recorded, where a call names a folder of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from ondes.cli._options import Opening
from ondes.cli._takes import Take
from ondes.errors import InputError
from ondes.io import SignalFile, expand
from ondes.io.signals import npy
from ondes.signal import Signal

if TYPE_CHECKING:
    from ondes.protocols import Sensor
    from ondes.run.translator import Translator


@dataclass(frozen=True)
class Targets:
    """Files by the names of the recordings they belong to."""

    folder: Path
    files: Mapping[str, Path]
    opening: Opening
    translator: "Translator"

    @classmethod
    def of(
        cls,
        folder: Path | None,
        opening: Opening,
        translator: "Translator",
        takes: Sequence[Take],
    ) -> "Targets | None":
        """Return the targets in a folder, or none where no folder is named.

        Raises:
            InputError: there is no such folder, or it holds nothing that is called as an input.
        """
        if folder is None:
            return None
        if not folder.is_dir():
            raise InputError(f"--targets {folder} is no folder: name that of the other sensor")
        opening = replace(opening, rate_hz=None)
        paths = expand([str(folder)], (*opening.suffixes, *npy.SUFFIXES))
        files = {_stem(path.relative_to(folder)): path for path in paths}
        if not any(_stem(Path(take.name)) in files for take in takes):
            raise InputError(
                f"--targets {folder}: none of its files is called like one of the {len(takes)} "
                "recordings; a target and its recording have the same name, endings aside"
            )
        return cls(folder, files, opening, translator)

    def find(self, take: Take, made: Signal, frames: tuple[int, int] | None) -> Signal | None:
        """Return the target of a recording, or of the map of its frames; None without a file.

        Raises:
            InputError: it has other channels or another rate or length than the translation.
        """
        path = self.files.get(_stem(Path(take.name)))
        if path is None:
            return None
        target = opened(path, self.opening, self.translator, self.translator.target).read()
        if frames is not None and self.translator.is_of_frames(target.rate_hz):
            target = self.translator.map_of(target.crop(*frames))
        return _alike(target, made, path)


def opened(path: Path, opening: Opening, translator: "Translator", sensor: "Sensor") -> SignalFile:
    """Open a recording of a sensor; where neither file nor call tells its rate, at the sensor's.

    One of as many channels as frames have, of which maps are made, is taken for these.
    """
    if opening.rate_hz is not None or path.suffix.lower() not in npy.SUFFIXES:
        return opening(path)
    file = replace(opening, rate_hz=sensor.rate_hz)(path)
    frames = translator.frames
    if frames is None or file.n_channels != frames.n_channels:
        return file
    return replace(opening, rate_hz=frames.rate_hz)(path)


def _stem(path: Path) -> str:
    return path.with_suffix("").as_posix()


def _alike(target: Signal, made: Signal, path: Path) -> Signal:
    """Return a target as long as a translation, to within a sample."""
    have, wanted = (target.rate_hz, target.n_channels), (made.rate_hz, made.n_channels)
    if have != wanted or abs(target.n_samples - made.n_samples) > 1:
        raise InputError(
            f"{path}: {target.n_channels} channels of {target.n_samples} samples at "
            f"{target.rate_hz:.10g} Hz are no target of a translation with {made.n_channels} of "
            f"{made.n_samples} at {made.rate_hz:.10g} Hz: name the folder of recordings that were "
            "made together with the inputs (--targets)"
        )
    if target.n_samples < made.n_samples:
        raise InputError(f"{path} ends a sample before the translation does: cut both alike")
    return target.crop(target.start, target.start + made.n_samples)
