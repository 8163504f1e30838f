"""Sound files against the standard library's reader, their headers, and damage."""

import os
import resource
import struct
import subprocess
import sys
import wave
from pathlib import Path

import numpy as np
import pytest
import soundfile

import ondes
from ondes.errors import (
    ChannelError,
    FormatError,
    InputError,
    NotFiniteError,
    RateError,
    TooShortError,
)
from ondes.io import open_signal, read, write

SOUNDS = ["a.wav", "a.flac", "a.ogg", "a.opus", "a.mp3"]
N = 50_000


@pytest.fixture(scope="module")
def music():
    """Two tones on two channels, 48 kHz; soft enough for every codec."""
    t = np.arange(N) / 48000
    return ondes.Signal.of(
        0.3 * np.sin(2 * np.pi * np.array([[440.0], [554.4]]) * t), rate_hz=48000
    )


@pytest.fixture(scope="module")
def folder(music, tmp_path_factory):
    folder = tmp_path_factory.mktemp("sounds")
    for name in SOUNDS:
        write(music, folder / name, dtype="opus" if name == "a.opus" else None)
    return folder


def cut(path: Path, keep: float, to: Path) -> Path:
    whole = path.read_bytes()
    to.write_bytes(whole[: int(len(whole) * keep)])
    return to


def wave_file(path: Path, integers: np.ndarray, width: int, rate: int = 8000) -> Path:
    """Write with the standard library: integers [time, channel] of `width` bytes."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(integers.shape[1])
        file.setsampwidth(width)
        file.setframerate(rate)
        data = integers.astype("<i4").reshape(-1, 1).view(np.uint8)
        file.writeframes(data.reshape(-1, 4)[:, :width].tobytes())
    return path


@pytest.mark.parametrize("width", [2, 3, 4])
def test_integers_are_fractions_of_full_scale(tmp_path, width):
    half = 2 ** (8 * width - 1)
    rng = np.random.default_rng(0)
    integers = rng.integers(-half, half, (500, 3))
    integers[:2] = [[-half] * 3, [half - 1] * 3]
    signal = read(wave_file(tmp_path / "a.wav", integers, width))
    assert signal.rate_hz == 8000
    np.testing.assert_array_equal(signal.samples, (integers.T / half).astype(np.float32))


@pytest.mark.parametrize(("suffix", "bits"), [("wav", 16), ("wav", 24), ("flac", 16), ("flac", 24)])
def test_integers_come_back_exactly(tmp_path, suffix, bits):
    half = 2 ** (bits - 1)
    integers = np.random.default_rng(1).integers(-half, half, (2, 5000))
    signal = ondes.Signal.of(integers / half, rate_hz=44100)
    write(signal, tmp_path / f"a.{suffix}", dtype=f"int{bits}")
    assert read(tmp_path / f"a.{suffix}") == signal
    stored, _ = soundfile.read(tmp_path / f"a.{suffix}", dtype="int32")
    np.testing.assert_array_equal(stored.T >> (32 - bits), integers)


@pytest.mark.parametrize("dtype", [None, "float32", "float64"])
def test_wav_keeps_floats_of_any_size(tmp_path, dtype):
    signal = ondes.Signal.of(np.random.default_rng(2).normal(0, 1e6, (3, 700)), rate_hz=1_562_500)
    write(signal, tmp_path / "a.wav", dtype=dtype)
    assert read(tmp_path / "a.wav") == signal


def test_bytes_are_unsigned(tmp_path):
    write(ondes.Signal.of([-1, 0, 0.5, 1], rate_hz=8000), tmp_path / "a.wav", dtype="uint8")
    with wave.open(str(tmp_path / "a.wav")) as file:
        assert list(file.readframes(4)) == [0, 128, 192, 255]


@pytest.mark.parametrize("name", SOUNDS)
def test_a_sound_comes_back(folder, music, name):
    signal = read(folder / name)
    assert signal.samples.shape == music.samples.shape
    assert signal.rate_hz == 48000
    error = np.abs(signal.samples - music.samples)[:, 2000:-2000].max()
    assert error < {"a.wav": 1e-9, "a.flac": 2**-23}.get(name, 0.03)


@pytest.mark.parametrize("name", SOUNDS)
@pytest.mark.parametrize("size", [997, 4096, N, 10 * N])
def test_blocks_hold_the_same_samples_whatever_their_size(folder, name, size):
    file = open_signal(folder / name)
    blocks = list(file.blocks(size))
    assert [block.shape for block in blocks[:-1]] == [(2, size)] * (len(blocks) - 1)
    assert {block.dtype for block in blocks} == {np.dtype(np.float32)}
    np.testing.assert_array_equal(np.concatenate(blocks, axis=1), read(folder / name).samples)


@pytest.mark.parametrize("name", SOUNDS)
@pytest.mark.parametrize("start", [1, 12_345, N - 1])
def test_a_part_is_the_part_of_the_whole(folder, name, start):
    whole = read(folder / name)
    stop = min(start + 7777, N)
    part = read(folder / name, start_s=start / 48000, stop_s=stop / 48000)
    assert part == whole.crop(start, stop)
    assert part.start == start


def test_a_file_can_be_passed_through_again_and_left(folder):
    with open_signal(folder / "a.mp3") as file:
        first = next(file.blocks(1000))
        np.testing.assert_array_equal(first, next(file.blocks(1000)))
    assert (file.n_channels, file.n_samples, file.channels) == (2, N, ("0", "1"))
    assert file.duration_s == N / 48000


@pytest.mark.parametrize("span", [(-0.1, 1), (0.5, 0.5), (0.9, 0.1), (0, 60)])
def test_a_span_outside_the_file_is_refused(folder, span):
    with pytest.raises(InputError, match="inside"):
        read(folder / "a.wav", start_s=span[0], stop_s=span[1])
    with pytest.raises(InputError, match="inside"):
        open_signal(folder / "a.wav").blocks(100, start=0, stop=N + 1)


@pytest.fixture(scope="module")
def rushing(tmp_path_factory):
    """Noise, which no codec makes so small that a cut leaves nothing."""
    folder = tmp_path_factory.mktemp("rushing")
    noise = np.random.default_rng(3).uniform(-0.3, 0.3, (2, 4 * N))
    for name in SOUNDS:
        signal = ondes.Signal.of(noise, rate_hz=48000)
        write(signal, folder / name, dtype="opus" if name == "a.opus" else None)
    return folder


@pytest.mark.parametrize("name", SOUNDS)
@pytest.mark.parametrize("keep", [0.3, 0.5, 0.9, 0.999])
def test_a_truncated_file_is_refused_and_can_be_taken_as_it_is(rushing, tmp_path, name, keep):
    path = cut(rushing / name, keep, tmp_path / name)
    with pytest.raises(FormatError, match=r"promises .*, the file holds \d+.*truncated=True"):
        read(path)
    part, whole = read(path, truncated=True), read(rushing / name)
    assert 0.5 * keep < part.n_samples / (4 * N) < 1
    reliable = part.n_samples - (0 if name in ("a.wav", "a.flac") else 5000)
    np.testing.assert_array_equal(part.samples[:, :reliable], whole.samples[:, :reliable])
    sizes = [np.concatenate([*open_signal(path, truncated=True).blocks(n)], 1) for n in (99, 7777)]
    np.testing.assert_array_equal(*sizes)


@pytest.mark.parametrize("name", ["a.wav", "a.mp3"])
def test_the_counts_of_a_truncated_file_are_exact(folder, tmp_path, name):
    path = cut(folder / name, 0.5, tmp_path / name)
    if name == "a.wav":
        n_bytes = path.stat().st_size
        present = (n_bytes - path.read_bytes().index(b"data") - 8) // 8
        with pytest.raises(FormatError, match=rf"promises {N} samples, the file holds {present}:"):
            open_signal(path)
    else:
        with pytest.raises(FormatError, match=r"promises 5\d{4} samples, the file holds 2\d{4}:"):
            open_signal(path)


@pytest.mark.parametrize("name", SOUNDS)
def test_a_header_alone_is_refused(folder, tmp_path, name):
    (tmp_path / name).write_bytes((folder / name).read_bytes()[:40])
    with pytest.raises(FormatError, match=r"copy it again|cut off"):
        read(tmp_path / name)


@pytest.mark.parametrize("name", SOUNDS)
@pytest.mark.parametrize("content", [b"", b"no sound at all, but some text" * 50])
def test_what_is_no_sound_is_refused(tmp_path, name, content):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(FormatError, match=f"{name}.*copy it again|{name}.*convert"):
        read(tmp_path / name)


def test_damage_in_the_middle_is_found_when_it_is_reached(tmp_path):
    noise = np.random.default_rng(0).uniform(-1, 1, N)
    write(ondes.Signal.of(noise, rate_hz=48000), tmp_path / "a.flac")
    data = bytearray((tmp_path / "a.flac").read_bytes())
    data[len(data) // 2] ^= 0xFF
    (tmp_path / "a.flac").write_bytes(data)
    with pytest.raises(FormatError, match="cannot be read as sound"):
        read(tmp_path / "a.flac")


def with_data_size(path: Path, size: int) -> Path:
    data = bytearray(path.read_bytes())
    place = data.index(b"data") + 4
    data[place : place + 4] = struct.pack("<I", size)
    path.write_bytes(data)
    return path


def test_a_stream_of_unsaid_length_reaches_to_the_end(tmp_path, music):
    write(music, tmp_path / "a.wav")
    assert read(with_data_size(tmp_path / "a.wav", 0xFFFFFFFF)) == music


def test_a_size_never_filled_in_is_refused(tmp_path, music):
    write(music, tmp_path / "a.wav")
    with pytest.raises(FormatError, match=rf"promises 0 samples, the file holds {N}.*new header"):
        read(with_data_size(tmp_path / "a.wav", 0))


def test_chunks_behind_the_data_are_no_lie(tmp_path, music):
    write(music, tmp_path / "a.wav")
    with (tmp_path / "a.wav").open("ab") as file:
        file.write(b"LIST" + struct.pack("<I", 4000) + bytes(4000))
    assert read(tmp_path / "a.wav") == music


def sparse_wav(path: Path, n_samples: int, *, size: int | None = None) -> Path:
    """Make a file of silence that takes no space."""
    n_bytes = 2 * n_samples
    said = n_bytes if size is None else size
    head = struct.pack("<4sI4s", b"RIFF", (said + 36) % 2**32, b"WAVE")
    head += struct.pack("<4sIHHIIHH", b"fmt ", 16, 1, 1, 48000, 96000, 2, 16)
    path.write_bytes(head + struct.pack("<4sI", b"data", said))
    os.truncate(path, len(head) + 8 + n_bytes)
    return path


def test_a_size_that_ran_over_4_gib_is_refused(tmp_path):
    n_samples = 2**31 + 1000
    path = sparse_wav(tmp_path / "a.wav", n_samples, size=2 * n_samples % 2**32)
    with pytest.raises(FormatError, match=rf"promises 1000 samples, the file holds {n_samples}"):
        open_signal(path)


def test_rf64_holds_more_than_4_gib(tmp_path):
    path = sparse_wav(tmp_path / "a.rf64", 1000)
    n_bytes = 2 * (2**31 + 1000)
    head = b"RF64" + b"\xff" * 4 + b"WAVEds64"
    head += struct.pack("<IQQQI", 28, n_bytes + 72, n_bytes, n_bytes // 2, 0)
    body = path.read_bytes()[12:36] + b"data" + b"\xff" * 4
    path.write_bytes(head + body)
    os.truncate(path, len(head + body) + n_bytes)
    assert open_signal(path).n_samples == 2**31 + 1000
    os.truncate(path, len(head + body) + n_bytes - 2)
    with pytest.raises(FormatError, match=f"promises {2**31 + 1000} .* holds {2**31 + 999}:"):
        open_signal(path)


@pytest.mark.skipif(not hasattr(resource, "getrusage"), reason="measures memory by getrusage")
def test_memory_does_not_grow_with_the_file(tmp_path):
    code = (
        "import sys, resource, ondes\n"
        "n = sum(b.shape[1] for b in ondes.open_signal(sys.argv[1]).blocks(65536))\n"
        "print(n, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)"
    )
    peaks = []
    for seconds in (10, 3600):
        path = sparse_wav(tmp_path / f"{seconds}.wav", seconds * 48000)
        command = [sys.executable, "-c", code, str(path)]
        env = {"PYTHONPATH": str(Path(ondes.__file__).parents[1])}
        done = subprocess.run(command, env=env, capture_output=True, check=True)
        n_samples, peak_kib = map(int, done.stdout.split())
        assert n_samples == seconds * 48000
        peaks.append(peak_kib)
    assert peaks[1] - peaks[0] < 4096


def test_the_first_nan_is_told_by_channel_sample_and_second(tmp_path):
    samples = np.zeros((2, N), np.float32)
    samples[1, 40_000], samples[0, 40_001] = np.nan, np.inf
    soundfile.write(tmp_path / "a.wav", samples.T, 16000, subtype="FLOAT")
    for size in (999, 2 * N):
        with pytest.raises(NotFiniteError, match=r"channel 1, sample 40000 \(2\.500000 s\)"):
            list(open_signal(tmp_path / "a.wav").blocks(size))
    assert len(list(open_signal(tmp_path / "a.wav").blocks(1000, stop=40_000))) == 40


def test_what_the_call_says_must_be_what_the_file_says(folder):
    path = folder / "a.wav"
    agreed = open_signal(path, rate_hz=48000, channels=2, dtype="float32", format="wav")
    assert agreed.dtype == "float32"
    with pytest.raises(RateError, match=r"48000 Hz, the call says 44100.*resample"):
        read(path, rate_hz=44100)
    with pytest.raises(ChannelError, match=r"2 channels, the call says 1.*channel"):
        read(path, channels=1)
    with pytest.raises(InputError, match="stores float32, the call says int16"):
        read(path, dtype="int16")


def test_another_format_under_a_wrong_name_is_told(folder, tmp_path):
    (tmp_path / "b.wav").write_bytes((folder / "a.mp3").read_bytes())
    with pytest.raises(FormatError, match="is MP3 inside, not WAV"):
        read(tmp_path / "b.wav")
    assert read(tmp_path / "b.wav", format="mp3").n_samples == N


def test_a_file_without_samples_is_told(tmp_path):
    wave_file(tmp_path / "a.wav", np.zeros((0, 1), int), 2)
    with pytest.raises(TooShortError, match="holds no samples"):
        read(tmp_path / "a.wav")


def test_a_missing_file_and_a_folder_are_told(folder):
    with pytest.raises(InputError, match=r"no such file; did you mean 'a.flac'"):
        read(folder / "a.flc")
    with pytest.raises(InputError, match="is a folder"):
        read(folder)


def test_what_integers_would_clip_is_refused_and_nothing_is_left(tmp_path):
    loud = ondes.Signal.of([0.0, 2.0], rate_hz=8000)
    for name, dtype in (("a.flac", None), ("a.wav", "int16")):
        with pytest.raises(InputError, match=r"reach 2 .* scale the signal by 0\.5"):
            write(loud, tmp_path / name, dtype=dtype)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("name", "rate_hz", "error"),
    [
        ("a.wav", 100.5, RateError),
        ("a.flac", 1_562_500, FormatError),
        ("a.flac", 192_001, FormatError),
        ("a.mp3", 96_000, FormatError),
    ],
)
def test_a_rate_the_format_cannot_hold_is_refused(tmp_path, name, rate_hz, error):
    signal = ondes.Signal.of(np.zeros(1000), rate_hz=rate_hz)
    with pytest.raises(error, match=r"write \.(wav or \.)?npy"):
        write(signal, tmp_path / name)
    assert list(tmp_path.iterdir()) == []


def test_an_unknown_type_is_refused(tmp_path, music):
    with pytest.raises(InputError, match="FLAC files store int24, int16"):
        write(music, tmp_path / "a.flac", dtype="float32")


def mp3(path: Path, seconds: float, *, bitrate_mode: str = "CONSTANT") -> bytes:
    """Write noise, then silence: at a variable bit rate the first frames are the largest."""
    half = np.random.default_rng(0).uniform(-0.6, 0.6, int(12000 * seconds))
    with soundfile.SoundFile(
        path, "w", 24000, 1, format="MP3", bitrate_mode=bitrate_mode, compression_level=0.5
    ) as file:
        file.write(np.append(half, 0 * half))
    return path.read_bytes()


def without_tag(data: bytes) -> bytes:
    return data[data.index(b"\xff\xf3", 4) :]


def test_mp3_frames_are_counted_where_no_tag_says_their_number(tmp_path):
    data = without_tag(mp3(tmp_path / "a.mp3", 4))
    (tmp_path / "a.mp3").write_bytes(data)
    signal = read(tmp_path / "a.mp3")
    assert 4 * 24000 <= signal.n_samples <= 4 * 24000 + 4 * 576


def test_an_mp3_that_would_be_read_short_is_refused(tmp_path):
    data = without_tag(mp3(tmp_path / "a.mp3", 20, bitrate_mode="VARIABLE"))
    (tmp_path / "a.mp3").write_bytes(data)
    assert soundfile.info(tmp_path / "a.mp3").frames < 15 * 24000
    with pytest.raises(FormatError, match=r"only \d+ would be read.*write a new header"):
        open_signal(tmp_path / "a.mp3")


def test_mp3s_joined_end_to_end_are_refused(tmp_path):
    data = mp3(tmp_path / "a.mp3", 2)
    (tmp_path / "a.mp3").write_bytes(data + data)
    with pytest.raises(FormatError, match=r"promises 8\d frames, the file holds 17\d.*joined"):
        read(tmp_path / "a.mp3", truncated=True)


def test_tags_around_an_mp3_are_passed_over(tmp_path, folder):
    data = (folder / "a.mp3").read_bytes()
    size = 3000
    picture = bytes([0xFF, 0xFB, 0x90, 0x64]) * (size // 4)
    head = b"ID3\x04\x00\x00" + bytes([0, 0, size >> 7, size & 127])
    (tmp_path / "a.mp3").write_bytes(head + picture + data + b"TAG" + bytes(125))
    assert read(tmp_path / "a.mp3") == read(folder / "a.mp3")


def test_real_recordings_read_as_soundfile_reads_them(shared_data):
    paths = sorted((shared_data / "events_office" / "flac").glob("*.flac"))[:20]
    for path in paths:
        samples, rate_hz = soundfile.read(path, dtype="float32", always_2d=True)
        signal = read(path)
        assert signal.rate_hz == rate_hz
        np.testing.assert_array_equal(signal.samples, samples.T)


@pytest.mark.parametrize(("at", "kind", "lie"), [(24, "<I", 24000), (22, "<H", 7), (28, "<I", 1)])
def test_a_header_that_contradicts_itself_is_refused(tmp_path, at, kind, lie):
    path = tmp_path / "lie.wav"
    soundfile.write(path, np.zeros((480, 1)), 48_000)
    content = bytearray(path.read_bytes())
    struct.pack_into(kind, content, at, lie)
    path.write_bytes(content)
    with pytest.raises(FormatError, match="contradicts itself"):
        open_signal(path)
