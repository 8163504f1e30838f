"""Scientific pitch names with sharps and MIDI note numbers: C4 = 60, A4 = 69, A0 = 21."""

import re

from ondes.errors import InputError

_STEPS = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")
_NATURAL = {name: step for step, name in enumerate(_STEPS) if len(name) == 1}
_PITCH = re.compile(r"([A-G])(#|b)?(-?[0-9]+)")


def name(midi: int) -> str:
    """Return the name of a MIDI note number, black keys as sharps.

    Raises:
        InputError: the number is not in 0 (C-1) to 127 (G9).

    >>> name(60), name(21), name(70)
    ('C4', 'A0', 'A#4')
    """
    if not 0 <= midi <= 127:
        raise InputError(f"pitch.name({midi}): MIDI notes run from 0 (C-1) to 127 (G9)")
    return f"{_STEPS[midi % 12]}{midi // 12 - 1}"


def midi(name: str) -> int:
    """Return the MIDI note number of a pitch name; a flat is read as the sharp it sounds like.

    Raises:
        InputError: it is not a letter A-G, at most one sharp or flat, and an octave -1 to 9.

    >>> midi("C4"), midi("A0"), midi("Bb4")
    (60, 21, 70)
    """
    match = _PITCH.fullmatch(name)
    if match is None:
        raise InputError(f"pitch.midi({name!r}): a pitch is written C4, F#3 or Bb5")
    letter, accidental, octave = match.groups()
    number = _NATURAL[letter] + {"#": 1, "b": -1, None: 0}[accidental] + 12 * (int(octave) + 1)
    if not 0 <= number <= 127:
        raise InputError(f"pitch.midi({name!r}): MIDI notes run from C-1 (0) to G9 (127)")
    return number


def is_name(label: str) -> bool:
    """Tell whether a label is a pitch name exactly as `name` writes it.

    >>> is_name("A#4"), is_name("Bb4"), is_name("door")
    (True, False, False)
    """
    match = _PITCH.fullmatch(label)
    return match is not None and label in _NAMES


_NAMES = frozenset(map(name, range(128)))
