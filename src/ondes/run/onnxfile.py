"""A whole detector in one ONNX file: the graph, and the card among its metadata.

An ONNX file is one message of Protocol Buffers, a row of fields (ONNX IR specification,
``ModelProto``). The card is the metadata property `KEY`; the SHA-256 that it names is that of all
other fields. So a card is read and a file is checked without onnx and without ONNX Runtime, and
before either sees a byte.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from ondes.errors import ArtefactError
from ondes.run.card import Card, check_weights, opened, sealed

SUFFIX = ".onnx"
KEY = b"ondes"
GRAPH, METADATA = 7, 14  # numbers of the message's fields
VARINT, FIXED_64, BYTES, FIXED_32 = 0, 1, 2, 5  # wire types


class _Field(NamedTuple):
    """A field of a message: its number, all its bytes, and those of its value."""

    number: int
    whole: bytes
    value: bytes


def is_named(path: Path) -> bool:
    """Tell whether a path is named as an ONNX file is."""
    return path.suffix.lower() == SUFFIX


def packed(content: bytes, card: Card) -> bytes:
    """Return an ONNX file with a card in it, in place of one that was there.

    Raises:
        InputError: the card holds what JSON cannot.
    """
    graph = b"".join(field.whole for field in _fields(content) if not _is_card(field))
    entry = _written(1, KEY) + _written(2, sealed(card, weights=graph).encode())
    return graph + _written(METADATA, entry)


def read(path: Path) -> tuple[Card, bytes]:
    """Return the card in an ONNX file and all its bytes, checked.

    Raises:
        ArtefactError: the file is damaged, or none that ondes has written.
    """
    try:
        content = path.read_bytes()
        fields = list(_fields(content))
    except OSError as error:
        raise ArtefactError(f"{path} cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise ArtefactError(
            f"{path} is damaged, or no ONNX file: {error}; copy it again from its source, or "
            "export the model again (ondes export)"
        ) from error
    _check_ours(path, fields)
    texts = [_parts(field)[1] for field in fields if _is_card(field)]
    card, promised = opened(texts[-1], source=path)
    graph = b"".join(field.whole for field in fields if not _is_card(field))
    check_weights(graph, promised, source=path)
    return card, content


def _check_ours(path: Path, fields: list[_Field]) -> None:
    if not any(field.number == GRAPH for field in fields):
        raise ArtefactError(f"{path} is no ONNX file: it holds no graph; export the model again")
    if not any(map(_is_card, fields)):
        raise ArtefactError(
            f"{path} is an ONNX file without a card of ondes, so its rate, classes and decoder "
            "are unknown: write one by `ondes export MODEL -o net.onnx`, from a model that ondes "
            "has trained or loaded"
        )


def _is_card(field: _Field) -> bool:
    return field.number == METADATA and _parts(field)[0] == KEY


def _parts(entry: _Field) -> tuple[bytes, bytes]:
    """Return key and value of a metadata property."""
    try:
        values = {field.number: field.value for field in _fields(entry.value)}
    except ValueError:
        return b"", b""
    return values.get(1, b""), values.get(2, b"")


def _fields(message: bytes) -> Iterator[_Field]:
    """Yield the fields of a message; raises ValueError where it is none, or cut off."""
    at = 0
    while at < len(message):
        tag, start = _number(message, at)
        kind = tag & 7
        if kind == VARINT:
            begin, stop = start, _number(message, start)[1]
        elif kind == BYTES:
            size, begin = _number(message, start)
            stop = begin + size
        elif kind in (FIXED_32, FIXED_64):
            begin, stop = start, start + (4 if kind == FIXED_32 else 8)
        else:
            raise ValueError(f"a field of no known kind at byte {at}")
        if stop > len(message):
            raise ValueError(f"the field at byte {at} goes on after the end")
        yield _Field(tag >> 3, message[at:stop], message[begin:stop])
        at = stop


def _number(message: bytes, at: int) -> tuple[int, int]:
    """Return the variable-length number at a byte, and where it ends."""
    number = shift = 0
    for place in range(at, min(at + 10, len(message))):
        number |= (message[place] & 0x7F) << shift
        shift += 7
        if message[place] < 0x80:
            return number, place + 1
    raise ValueError(f"a number at byte {at} does not end")


def _written(number: int, value: bytes) -> bytes:
    """Return a field of bytes."""
    return bytes([number << 3 | BYTES]) + _varint(len(value)) + value


def _varint(number: int) -> bytes:
    out = bytearray()
    while number >= 0x80:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*out, number])
