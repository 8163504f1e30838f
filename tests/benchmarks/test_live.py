"""A watch of a paced sender in another process."""

import pytest

from benchmarks._null import null
from benchmarks.live import HEAD, row, watched
from ondes.errors import RateError


def test_every_sample_of_the_sender_is_heard_or_counted_as_dropped() -> None:
    result = watched(null(20_000), 2, 1, 20_000, 20)
    assert result.counts.samples + result.counts.drops == 20_000
    assert result.share > 0
    assert len(row("null", result, 2)) == len(HEAD)


def test_the_null_detector_is_made_for_one_rate() -> None:
    with pytest.raises(RateError):
        watched(null(16_000), 1, 1, 8_000, 20)
