"""What `ondes.data.voices` runs in a process of its own: eSpeak NG says what it is given.

Its state, which one word hands on to the next, thus begins anew each time. On the standard input
are [text, voice, words per minute, pitch, range] for every word, in JSON; on the standard output
one line of JSON, the rate and the lengths, and then the samples of all, int16.
"""

import ctypes
import json
import sys
from typing import Any

import espeakng_loader

SYNCHRONOUS = 2  # espeak_AUDIO_OUTPUT
MANNER = (1, 3, 4)  # espeak_PARAMETER: rate, pitch, range
UTF8 = 1
HEARD = ctypes.CFUNCTYPE(
    ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.c_void_p
)


def main() -> None:
    """Speak; leave with a message where a voice is unknown or there are none."""
    library = ctypes.CDLL(espeakng_loader.get_library_path())
    rate_hz = library.espeak_Initialize(
        SYNCHRONOUS, 0, str(espeakng_loader.get_data_path()).encode(), 0
    )
    if rate_hz <= 0:
        sys.exit("no voices were found")
    pieces: list[bytes] = []

    def heard(wave: Any, n: int, _: object) -> int:  # noqa: ANN401 - a pointer
        if wave and n > 0:
            pieces.append(ctypes.string_at(wave, 2 * n))
        return 0

    callback = HEARD(heard)
    library.espeak_SetSynthCallback(callback)
    words = []
    for text, voice, *manner in json.load(sys.stdin):
        if library.espeak_SetVoiceByName(voice.encode()):
            sys.exit(f"there is no voice {voice}")
        for parameter, value in zip(MANNER, manner, strict=True):
            library.espeak_SetParameter(parameter, value, 0)
        pieces.clear()
        said = text.encode() + b"\0"
        library.espeak_Synth(said, len(said), 0, 1, 0, UTF8, None, None)
        words.append(b"".join(pieces))
    head = {"rate_hz": rate_hz, "lengths": [len(word) // 2 for word in words]}
    sys.stdout.buffer.write(json.dumps(head).encode() + b"\n" + b"".join(words))


if __name__ == "__main__":
    main()
