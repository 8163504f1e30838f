"""A microphone, or whatever the sound system can record from."""

from __future__ import annotations

from typing import Any

from ondes.errors import InputError, MissingExtraError
from ondes.run.live.layout import Layout
from ondes.run.live.sources.source import LostError

TYPES = ("float32", "int32", "int16", "uint8")
PORTION_S = 0.02


class Microphone:
    """A recording device by its name or number, the system's own choice without one."""

    waits, replays, paced = False, False, True

    def __init__(self, device: str, layout: Layout) -> None:
        self.name, self.layout = f"mic://{device}", layout
        if layout.dtype.name not in TYPES:
            raise InputError(f"{self.name} gives {', '.join(TYPES)}, not {layout.dtype} (--dtype)")
        self._device = int(device) if device.isdecimal() else device or None
        self._sounds = _sounddevice()
        self._stream: Any = None

    def open(self, _start: int) -> None:
        """Begin to record."""
        if self._stream is not None:
            return
        try:
            self._stream = self._sounds.RawInputStream(
                samplerate=self.layout.rate_hz,
                device=self._device,
                channels=self.layout.n_channels,
                dtype=self.layout.dtype.name,
            )
            self._stream.start()
        except (self._sounds.PortAudioError, ValueError) as error:
            raise InputError(f"{self.name} cannot be recorded from: {error}") from error

    def read_into(self, room: memoryview) -> int | None:
        """Fill some of the room, as `Source.read_into`."""
        portion = max(1, int(PORTION_S * self.layout.rate_hz))
        n_frames = min(portion, len(room) // self.layout.frame_bytes)
        try:
            data, overflowed = self._stream.read(n_frames)
        except self._sounds.PortAudioError as error:
            raise InputError(f"{self.name} stopped: {error}") from error
        if overflowed:
            raise LostError("the sound system dropped samples")
        room[: len(data)] = memoryview(data).cast("B")
        return len(data)

    def close(self) -> None:
        """Stop recording."""
        if self._stream is not None:
            self._stream.close()


def _sounddevice() -> Any:  # noqa: ANN401 - a module without types
    try:
        import sounddevice
    except (ImportError, OSError) as error:
        raise MissingExtraError(
            f"mic:// needs sounddevice and the PortAudio library ({error}): pip install "
            "'ondes[mic]', on Debian also apt install libportaudio2"
        ) from error
    return sounddevice
