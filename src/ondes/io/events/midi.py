"""Standard MIDI files: events whose labels are pitch names, C4 = 60.

Written at 120 beats a minute with 500 ticks a beat, so a tick is 1 ms; the event's channel is the
MIDI channel, and a score s becomes the velocity round(127 s), at least 1 (64 for none). Read are
all tracks through their common tempo map, notes alone; a velocity v becomes the score v / 127.
Source: MIDI 1.0, Standard MIDI Files 1.0.
"""

import math
from bisect import bisect_right
from collections import defaultdict, deque
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

from ondes.errors import FormatError, InputError
from ondes.events import Event, EventList
from ondes.io import pitch
from ondes.io.text import Row, Table, gather, only

SUFFIXES = (".mid", ".midi")
RESOLUTION_S = 1e-3
CARRIES = frozenset({"channel", "score"})

_TICKS_PER_BEAT = 500
_TEMPO = 500_000  # microseconds a beat, which is also the tempo of a file that names none


class _Note(NamedTuple):
    """A key held from tick `on` to tick `off`."""

    on: int
    off: int
    channel: int
    key: int
    velocity: int


def read(path: Path, *, rate_hz: float | None) -> dict[str, EventList]:
    """Read all notes; a key struck again before it is let go ends first what began first.

    A note that is never let go lasts to the end of its track.
    """
    song = _song(path)
    seconds = _TempoMap(song)
    rows = [
        Row(
            "",
            seconds.at(note.on),
            seconds.at(note.off),
            pitch.name(note.key),
            note.channel,
            note.velocity / 127,
        )
        for track in song.tracks
        for note in _notes(track)
    ]
    return gather(path, rows, rate_hz)


def write(lists: Table, path: Path) -> None:
    """Write one track; `InputError` on labels that are no pitches and on tones that overlap."""
    import mido

    file, events = only(lists)
    notes = [_note(event) for event in events.resample(1 / RESOLUTION_S)]
    _check_apart(notes)
    head = [mido.MetaMessage("track_name", name=file), mido.MetaMessage("set_tempo", tempo=_TEMPO)]
    song = mido.MidiFile(type=1, ticks_per_beat=_TICKS_PER_BEAT, charset="utf-8")
    song.tracks.append(mido.MidiTrack([*head, *_strokes(notes)]))
    song.save(path)


def _strokes(notes: Sequence[_Note]) -> Iterator[Any]:
    """Yield the messages of all notes by their time, what ends before what begins."""
    import mido

    strokes = [(note.on, True, note) for note in notes] + [
        (note.off, False, note) for note in notes
    ]
    now = 0
    for tick, begins, note in sorted(strokes):
        yield mido.Message(
            "note_on" if begins else "note_off",
            channel=note.channel,
            note=note.key,
            velocity=note.velocity if begins else 0,
            time=tick - now,
        )
        now = tick


class _TempoMap:
    """Seconds of ticks, exact until the last division."""

    def __init__(self, song: Any) -> None:  # noqa: ANN401 - mido has no types
        changes = {0: _TEMPO}
        for track in song.tracks:
            for tick, message in _timed(track):
                if message.type == "set_tempo":
                    changes[tick] = message.tempo
        self._ticks: list[int] = sorted(changes)
        self._tempos: list[int] = [changes[tick] for tick in self._ticks]
        self._passed: list[int] = [0]
        for (begin, end), tempo in zip(pairwise(self._ticks), self._tempos, strict=False):
            self._passed.append(self._passed[-1] + (end - begin) * tempo)
        self._unit: int = song.ticks_per_beat * 1_000_000

    def at(self, tick: int) -> float:
        """Return the time of a tick in seconds."""
        part = bisect_right(self._ticks, tick) - 1
        since = tick - self._ticks[part]
        return (self._passed[part] + since * self._tempos[part]) / self._unit


def _song(path: Path) -> Any:  # noqa: ANN401
    import mido
    from mido.midifiles.meta import KeySignatureError

    try:
        song = mido.MidiFile(path)
    except (OSError, EOFError, ValueError, LookupError, KeySignatureError) as error:
        raise FormatError(
            f"{path} cannot be read as MIDI ({error or 'it was cut off'}): copy or export it again"
        ) from error
    if song.type == 2 or song.ticks_per_beat <= 0:
        raise FormatError(
            f"{path} has tracks without a common beat (type 2, or SMPTE time): export it as type 1"
        )
    return song


def _timed(track: Any) -> Iterator[tuple[int, Any]]:  # noqa: ANN401
    tick = 0
    for message in track:
        tick += message.time
        yield tick, message


def _notes(track: Any) -> Iterator[_Note]:  # noqa: ANN401
    held: dict[tuple[int, int], deque[tuple[int, int]]] = defaultdict(deque)
    tick = 0
    for tick, message in _timed(track):
        if message.type not in ("note_on", "note_off"):
            continue
        key = (message.channel, message.note)
        if message.type == "note_on" and message.velocity:
            held[key].append((tick, message.velocity))
        elif held[key]:
            on, velocity = held[key].popleft()
            yield _Note(on, tick, *key, velocity)
    for key, strokes in held.items():
        for on, velocity in strokes:
            yield _Note(on, tick, *key, velocity)


def _note(event: Event) -> _Note:
    """Return the note of an event in ticks."""
    if event.onset < 0 or event.channel > 15:
        raise InputError(
            f"an event from {event.onset} ms on, on channel {event.channel}: MIDI begins at 0 s "
            "and has the channels 0 to 15: shift() the list, or write .csv or .json"
        )
    try:
        key = pitch.midi(event.label)
    except InputError:
        raise InputError(
            f"MIDI holds notes, and the label {event.label!r} is no pitch such as C4 or F#3: write "
            ".csv, .txt (Audacity) or .json"
        ) from None
    return _Note(event.onset, event.offset, event.channel, key, _velocity(event))


def _velocity(event: Event) -> int:
    if math.isnan(event.score):
        return 64
    if not 0 <= event.score <= 1:
        raise InputError(
            f"a score of {event.score:g}: MIDI stores scores as velocities, so they must lie in "
            "[0, 1]; write .csv or .json"
        )
    return max(1, round(127 * event.score))


def _check_apart(notes: Sequence[_Note]) -> None:
    for a, b in pairwise(sorted(notes, key=lambda note: (note.channel, note.key, note.on))):
        if (a.channel, a.key) == (b.channel, b.key) and b.on < a.off:
            raise InputError(
                f"MIDI cannot tell two {pitch.name(a.key)} on channel {a.channel} apart that sound "
                f"at once, {a.on} to {a.off} and {b.on} to {b.off} ms: join them with "
                "events.merge_gaps(0), or write .csv or .json"
            )
