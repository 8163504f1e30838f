"""What recordings of one's own do not say themselves."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ondes.io import SignalFile, expand, open_signal, signal_suffixes


@dataclass(frozen=True, kw_only=True)
class Files:
    """Rate, type and channels of files that do not say theirs: raw binary, NPY and some HDF5.

    With a rate folders hold such files too; 0 and "" say nothing. What a file does say itself
    must not differ. `part` names the data set of HDF5 files that hold several.

    >>> Files(rate_hz=1_562_500, dtype="int16").dtype
    'int16'
    """

    rate_hz: float = 0.0
    dtype: str = ""
    channels: int = 0
    part: str = ""

    def under(self, folder: str | Path) -> list[Path]:
        """The recordings in a folder and those below it, in the order of their names."""
        return expand([folder], signal_suffixes(headerless=self.rate_hz > 0))

    def open(self, path: Path) -> SignalFile:
        """Open one of them; raises what `ondes.io.open_signal` does."""
        return open_signal(
            path,
            rate_hz=self.rate_hz or None,
            dtype=self._dtype_of(path),
            channels=self.channels or None,
            part=self.part or None,
        )

    def _dtype_of(self, path: Path) -> str | None:
        """The type, where the file does not say it."""
        headed = path.suffix.lower() in signal_suffixes() or path.suffix.lower() == ".npy"
        return None if headed else self.dtype or None
