"""Whatever is written comes out in order; what is missing is known by place and number."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ondes.errors import InputError
from ondes.run.live.ring import Ring


def write(ring, data):
    """Write as much as there is room for; return how much that was."""
    done = 0
    while done < len(data) and (room := ring.room()):
        part = data[done : done + len(room)]
        room[: len(part)] = part
        ring.written(len(part))
        done += len(part)
    return done


@given(st.lists(st.tuples(st.integers(0, 60), st.integers(0, 30)), max_size=40), st.integers(1, 5))
def test_bytes_come_out_as_they_went_in(steps, frame_bytes):
    ring = Ring(frame_bytes=frame_bytes, n_frames=8)
    source, sent, got = bytes(range(256)) * 10, 0, b""
    for n_bytes, n_frames in steps:
        sent += write(ring, source[sent : sent + n_bytes])
        frames = ring.frames(n_frames)
        assert len(frames) % frame_bytes == 0
        got += bytes(frames)
        ring.release(len(frames) // frame_bytes)
        assert 0 <= ring.free <= 8 * frame_bytes
        assert ring.waiting == (sent - len(got)) // frame_bytes
    assert source.startswith(got)


def test_frames_stop_at_a_break_which_is_passed_once():
    ring = Ring(frame_bytes=2, n_frames=8)
    write(ring, b"aabbc")
    assert ring.cut("gone") == 1
    write(ring, b"ddee")
    assert ring.passed() is None
    assert bytes(ring.frames(9)) == b"aabb"
    ring.release(2)
    missing = ring.passed()
    assert (missing.lost, missing.reason) == (0, "gone")
    assert ring.passed() is None
    assert bytes(ring.frames(9)) == b"ddee"


def test_a_break_is_not_passed_while_samples_still_get_lost():
    ring = Ring(frame_bytes=1, n_frames=4)
    write(ring, b"abcd")
    ring.cut("full", still=True)
    ring.lost(3)
    ring.release(4)
    assert ring.passed() is None
    ring.lost(2, close=True)
    assert ring.passed().lost == 5
    assert not ring.over()
    assert ring.end() == 0
    assert ring.over()


def test_half_a_frame_at_the_end_is_thrown_away_and_told():
    ring = Ring(frame_bytes=4, n_frames=4)
    write(ring, b"abcdef")
    assert ring.end() == 2
    assert bytes(ring.frames(9)) == b"abcd"


def test_arrivals_are_those_of_the_last_frame_read():
    now = iter([1.0, 2.0, 3.0])
    ring = Ring(frame_bytes=1, n_frames=8, clock=lambda: next(now))
    for data in (b"ab", b"cd", b"ef"):
        write(ring, data)
    ring.release(1)
    assert ring.arrival() == 1.0
    ring.release(2)
    assert ring.arrival() == 2.0
    ring.release(3)
    assert ring.arrival() == 3.0


def test_a_ring_holds_its_memory_and_no_more():
    ring = Ring(frame_bytes=8, n_frames=1000)
    rng = np.random.default_rng(0)
    assert write(ring, rng.bytes(10_000)) == 8000
    with pytest.raises(InputError, match="more seconds"):
        Ring(frame_bytes=8, n_frames=1)
    with pytest.raises(InputError, match="fewer seconds"):
        Ring(frame_bytes=8, n_frames=10**18)
