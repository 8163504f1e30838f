"""Random words for the property tests: `st.from_type(EventList)` and `st.from_type(Signal)`."""

import math

import numpy as np
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from ondes.events import Event, EventList
from ondes.signal import Signal
from ondes.timebase import Timebase

settings.register_profile("words", max_examples=50, deadline=None)
settings.load_profile("words")

rates = st.sampled_from([1.0, 31.25, 100 / 3, 8000.0, 44100.0, 48000.0, 1562500.0, math.pi])
scores = st.one_of(st.just(math.nan), st.sampled_from([0.0, 0.25, 0.5, 1.0]))


@st.composite
def event_lists(draw):
    event = st.builds(
        lambda onset, length, *rest: Event(onset, onset + length, *rest),
        st.integers(-30, 60),
        st.integers(1, 25),
        st.sampled_from(["A4", "C4", "door"]),
        st.integers(0, 1),
        scores,
    )
    return EventList.of(draw(st.lists(event, max_size=12)), rate_hz=draw(rates))


@st.composite
def signals(draw):
    shape = draw(st.tuples(st.integers(1, 2), st.integers(1, 40)))
    samples = draw(npst.arrays(np.int8, shape))
    return Signal.of(samples, rate_hz=draw(rates), start=draw(st.integers(-20, 20)))


st.register_type_strategy(EventList, event_lists())
st.register_type_strategy(Signal, signals())
st.register_type_strategy(
    Timebase, st.builds(Timebase, rates, hop=st.integers(1, 9), start=st.integers(-9, 9))
)
