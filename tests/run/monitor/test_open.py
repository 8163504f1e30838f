"""What a decoder says of events that go on comes true."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from ondes.run.detector import Known, ongoing
from ondes.tasks.detect.decode import Scan
from ondes.tasks.detect.decoder import Decoder
from ondes.timebase import Timebase

TIMEBASE = Timebase(1000, hop=10)
LABELS = ("a", "b")


def probabilities(seed, n_heads, n=400):
    """Runs of high and low frames of all lengths, with onset peaks now and then."""
    rng = np.random.default_rng(seed)
    rows = [
        np.repeat(rng.choice([0.0, 0.3, 0.9], n), rng.integers(1, 60, n))[:n]
        for _ in range(2 * len(LABELS))
    ]
    probs = np.stack(rows).reshape(2, len(LABELS), n).astype(np.float32)
    probs[1] = np.where(rng.random(probs[1].shape) < 0.03, 0.9, 0.05)
    return probs[:n_heads]


@settings(max_examples=60)
@given(
    seed=st.integers(0, 10**6),
    steps=st.lists(st.integers(1, 60), min_size=1, max_size=40),
    n_heads=st.sampled_from([1, 2]),
    decoder=st.builds(
        Decoder,
        low_ratio=st.sampled_from([0.3, 1.0]),
        median=st.sampled_from([1, 5]),
        min_frames=st.sampled_from([1, 20]),
        gap_frames=st.sampled_from([0, 7]),
        offset_shift=st.sampled_from([-1.5, 0.0]),
        min_score=st.sampled_from([0.0, 0.0, 0.6]),
        exclusive=st.sampled_from([False, False, True]),
    ),
)
def test_what_goes_on_is_given_at_its_end(seed, steps, n_heads, decoder):
    probs = probabilities(seed, n_heads)
    scan, states, given_ = Scan(decoder, timebase=TIMEBASE, labels=LABELS), [], []
    cuts = [cut for cut in np.cumsum(steps).tolist() if cut < probs.shape[2]]
    for part in np.split(probs, cuts, axis=2):
        given_ += [*scan.push(part)]
        states.append((len(given_), *scan.sounding))
    given_ += [*scan.finish()]
    settled_before = -(10**9)
    for n_given, going, settled in states:
        assert settled_before <= settled
        settled_before = settled
        later = {(e.label, e.channel, e.onset): e.offset for e in given_[n_given:]}
        for event in going:
            assert later[event.label, event.channel, event.onset] >= event.offset
        known = {(event.label, event.onset) for event in going}
        assert all(onset >= settled or (label, onset) in known for label, _, onset in later)


def test_a_long_event_is_told_while_it_goes_on():
    scan = Scan(Decoder(), timebase=TIMEBASE, labels=LABELS)
    probs = np.zeros((1, 2, 300), np.float32)
    probs[0, 0, 20:] = 0.9
    assert len(scan.push(probs)) == 0
    ((onset, offset, label, *_),), settled = scan.sounding
    assert (label, onset) == ("a", 201)
    assert 2800 < offset < 3000
    assert settled > 2800 > scan.decided == 201


class Silent:
    decided = 7


def test_what_does_not_tell_is_known_as_far_as_it_is_decided():
    assert ongoing(Silent()) == Known(7)
