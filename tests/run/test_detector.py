"""Any ear as a detector; where a listener stands, and that another can take over there."""

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ondes.errors import ChannelError
from ondes.events import EventList
from ondes.run.detector import Detects, joined
from ondes.signal import Signal
from ondes.spec import Spec
from ondes.tasks.detect import Decoder

DECODER = Decoder(high=(0.75,), low_ratio=0.95, median=3, gap_frames=1, onset=0.6, restart=0.65)
SAME = settings(
    deadline=None, max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


class Steps:
    """An event wherever a row is above zero; hears one row at a time."""

    spec = Spec(1000, 1, ("on",), hop=1, look_back=0, look_ahead=0)

    def hear(self, *, rate_hz, n_rows, resample=False):
        return StepsHeard(n_rows)


class StepsHeard:
    def __init__(self, n_rows):
        self.rows = np.zeros((n_rows, 0), np.float32)

    decided = restart = 0

    def push(self, block):
        self.rows = np.concatenate([self.rows, block], axis=1)
        return EventList.empty(1000)

    def finish(self):
        rows = [
            (int(i), int(i) + 1, "on", row)
            for row, x in enumerate(self.rows)
            for i in np.flatnonzero(x > 0)
        ]
        return EventList.of(rows, rate_hz=1000)


def test_any_ear_becomes_a_detector():
    x = np.zeros((3, 20))
    x[1, 5] = x[2, 9] = 1
    heard = Detects(Steps())
    assert [e[:4] for e in heard.detect(x, rate_hz=1000)] == [(5, 6, "on", 1), (9, 10, "on", 2)]
    signal = Signal.of(x, rate_hz=1000, start=100, channels=("a", "b", "c"))
    assert [e[:4] for e in heard.detect(signal, channels="c")] == [(109, 110, "on", 2)]
    with pytest.raises(ChannelError):
        heard.detect(signal, channels="d")


@SAME
@given(
    st.lists(st.integers(0, 600), max_size=10),
    st.integers(0, 9),
    st.sampled_from([8000.0, 11025.0]),
    st.integers(0, 500),
)
def test_a_new_listener_takes_over_where_the_old_one_stood(
    pipeline, noise, sizes, pushes, rate_hz, start
):
    heard, x = pipeline(frames=20, decoder=DECODER), np.tile(noise, 2)
    options = {"rate_hz": rate_hz, "channels": ("0", "1"), "resample": True}
    blocks = np.split(x, np.cumsum(sizes), axis=1)
    whole = heard.detect(Signal.of(x, rate_hz=rate_hz, start=start), resample=True)
    old, given_, decided = heard.listen(**options, start=start), [], start
    for block in blocks[:pushes]:
        given_.append(old.push(block))
        assert decided <= old.decided
        decided = old.decided
    assert start <= old.restart <= decided <= start + sum(b.shape[1] for b in blocks[:pushes])
    stored = joined(given_, rate_hz)
    stored = stored[stored.onset < decided]
    assert stored == whole[whole.onset < decided]
    new = heard.listen(**options, start=old.restart)
    rest = new.push(x[:, old.restart - start :]) + new.finish()
    assert rest[rest.onset >= decided] == whole[whole.onset >= decided]


def test_what_is_decided_follows_the_recording(pipeline, noise):
    heard = pipeline(frames=20, decoder=DECODER)
    listener = heard.listen(rate_hz=8000, channels=("0", "1"))
    listener.push(noise)
    assert 4001 - listener.decided < 1000
    assert listener.decided - listener.restart < 1500
    listener.finish()
    assert listener.decided == 4001
