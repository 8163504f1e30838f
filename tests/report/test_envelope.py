import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from ondes.report.envelope import Envelope


@given(
    n=st.integers(1, 400),
    channels=st.integers(1, 3),
    block=st.integers(1, 120),
    most_points=st.integers(1, 200),
)
def test_every_stretch_has_its_extremes_whatever_the_blocks(n, channels, block, most_points):
    samples = np.random.default_rng(n).standard_normal((channels, n)).astype(np.float32)
    envelope = Envelope(n_channels=channels, n_samples=n, most_points=most_points)
    for start in range(0, n, block):
        envelope.push(samples[:, start : start + block])
    stretches = [samples[:, i : i + envelope.size] for i in range(0, n, envelope.size)]
    assert len(stretches) <= max(most_points // channels, 1)
    np.testing.assert_array_equal(envelope.low.T, [part.min(axis=1) for part in stretches])
    np.testing.assert_array_equal(envelope.high.T, [part.max(axis=1) for part in stretches])


def test_each_channel_is_drawn_to_its_own_peak():
    envelope = Envelope(n_channels=3, n_samples=2)
    envelope.push(np.array([[1, -4], [1e-9, 0], [0, 0]], np.float32))
    assert envelope.quantised().tolist() == [
        [[32, -127], [32, -127]],
        [[127, 0], [127, 0]],
        [[0, 0], [0, 0]],
    ]
    assert envelope.peaks.tolist() == np.array([4, 1e-9, 0], np.float32).tolist()
