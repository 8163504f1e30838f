"""Beats by formula: as many as they say, in records that say the truth of themselves."""

import numpy as np

from benchmarks import _heart
from benchmarks.monitor import _peak
from ondes.io import open_signal


def test_a_record_is_the_beats_again_and_again(tmp_path) -> None:
    path = tmp_path / "day.hea"
    _heart.write(path, hours=1 / 60, n_leads=3, rate_hz=100)
    file = open_signal(path)
    assert (file.rate_hz, file.channels, file.unit) == (100, ("L1", "L2", "L3"), "mV")
    x, _ = _heart.beats(100, 3)
    found = np.concatenate([*file.blocks(700)], axis=1)  # checks the sums, too
    np.testing.assert_allclose(found, np.tile(x, 3), atol=0.51 / _heart.PER_MV)


def test_peaks_are_where_they_are_said_to_be() -> None:
    x, peaks = _heart.beats(500, 1)
    for peak in peaks[:4] + peaks[5:9]:
        around = x[0, peak - 100 : peak + 100]
        assert abs(int(np.argmax(around)) - 100) <= 5
    assert _peak(peaks[3] + 7, peaks, x.shape[1]) == peaks[3]
    assert _peak(peaks[3] + x.shape[1], peaks, x.shape[1]) == peaks[3] + x.shape[1]
