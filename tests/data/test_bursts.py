"""Clips and recordings of bursts: what was asked for is what is measured."""

from dataclasses import replace

import numpy as np
import pytest

from ondes.data.emission.background import Surroundings
from ondes.data.emission.burst import Setup
from ondes.data.emission.scenes import Scene, Scenery, Scenes
from ondes.data.sets import bursts
from ondes.errors import InputError, RecipeError
from ondes.events import Event
from ondes.testing import check_dataset
from ondes.testing.datasets import check_events, check_repeatable, check_samples, check_workers

QUIET = Surroundings(friction=0)


def clips(split: str = "test", **options: object) -> Scenes:
    return bursts.build(bursts.Config(scenery=Scenery(**options)), split=split, seed=0)


@pytest.mark.parametrize("split", [split for split in bursts.CLIPS if split != "spikes"])
def test_bursts(split: str) -> None:
    check_dataset(bursts.build(bursts.Config(), split=split, seed=0))


def test_spikes_are_a_thousand_and_no_event() -> None:
    data = bursts.build(bursts.Config(), split="spikes", seed=0)
    check_samples(data, 0)
    check_events(data, 0)
    check_repeatable(data, range(2))
    check_workers(data, range(2))
    scenes = [data.scene(k) for k in range(len(data))]
    assert sum(scene.spikes.size for scene in scenes) == 1000
    assert not any(len(scene.events) for scene in scenes)


def alone(scene: Scene) -> list[tuple[Event, float]]:
    """The events that end within the clip, far from all others, and the ratios asked for."""
    onset = scene.events.onset
    pairs = zip(scene.events, scene.snr_db.tolist(), strict=True)
    return [
        (event, ratio)
        for event, ratio in pairs
        if (abs(onset - event.onset) < 1500).sum() == 1 and event.offset < scene.x.size
    ]


@pytest.mark.parametrize(("split", "low", "high"), [("test", 0, 20), ("low", -10, 0)])
def test_the_ratio_measured_is_the_ratio_asked_for(split: str, low: float, high: float) -> None:
    data, found = clips(split), []
    for scene in map(data.scene, range(30)):
        level = scene.background.astype(float).std()
        for event, asked in alone(scene):
            own = scene.bursts[event.onset : event.offset].astype(float)
            ratio_db = 20 * np.log10(np.sqrt(np.square(own).mean()) / level)
            assert ratio_db == pytest.approx(asked, abs=0.05)
            found.append(asked)
    assert low <= min(found) < low + 2
    assert high - 2 < max(found) <= high


def test_one_ratio_can_be_asked_for() -> None:
    scene = clips(snr_db=(5.0, 5.0)).scene(0)
    assert (scene.snr_db == 5).all()


def test_a_clip_is_the_sum_of_its_parts() -> None:
    scene = clips(around=QUIET).scene(2)
    np.testing.assert_array_equal(scene.x, scene.background + scene.bursts)
    assert not scene.frictions.size
    assert not scene.spikes.size


def test_truth_is_exact_to_the_sample() -> None:
    """A sound begins with its onset: what comes before is below 5 % of its peak."""
    for scene in map(clips().scene, range(20)):
        for event, _ in alone(scene):
            size = abs(scene.bursts[event.onset - 40 : event.onset + 1000])
            assert int(np.argmax(size >= 0.05 * size.max() * (1 - 1e-5))) == 40


@pytest.mark.parametrize("share", [0.0, 0.25, 0.8])
def test_pairs_overlap_by_the_share_asked_for(share: float) -> None:
    data = clips(overlap=share, fewest=2, most=2)
    for k in range(10):
        first, second = data[k].events
        assert {first.label, second.label} == {*bursts.LABELS}
        if first.offset < 2**16:
            expected = share * (first.offset - first.onset)
            assert first.offset - second.onset == pytest.approx(expected, abs=0.5)


def test_bursts_of_one_type_lie_apart() -> None:
    for example in map(clips(fewest=10, most=10, n_samples=8192).__getitem__, range(20)):
        for events in example.events.split().values():
            assert (events.onset[1:] >= events.offset[:-1]).all()


def test_splits_share_no_burst() -> None:
    pools = {s: bursts.build(bursts.Config(), split=s, seed=0).pool for s in bursts.CLIPS}
    firsts = {s: pools[s][0].samples for s in ("train", "valid", "test", "transfer")}
    assert len({samples.tobytes() for samples in firsts.values()}) == 4
    assert (len(pools["train"]), len(pools["test"])) == (4800, 1200)
    assert pools["transfer"].setup != pools["test"].setup


def test_the_seed_moves_training_alone() -> None:
    def same(split: str) -> bool:
        a, b = (bursts.build(bursts.Config(), split=split, seed=k)[0].x for k in (0, 1))
        return np.array_equal(a, b)

    assert [split for split in bursts.CLIPS if not same(split)] == ["train"]


def test_training_has_spikes_and_gains_and_others_have_not() -> None:
    config = replace(bursts.Config(), p_spikes=1.0)
    train, test = (bursts.build(config, split=split, seed=0) for split in ("train", "test"))
    assert train.scene(0).spikes.size
    assert not test.scene(0).spikes.size
    assert any(not np.array_equal(train[k].x[0], train.scene(k).x) for k in range(8))
    assert all(np.array_equal(test[k].x[0], test.scene(k).x) for k in range(8))


def test_what_cannot_be_made_is_refused() -> None:
    with pytest.raises(RecipeError, match="transfer"):
        bursts.build(bursts.Config(), split="transfr", seed=0)
    with pytest.raises(InputError, match="fewest"):
        Scenery(fewest=3, most=2)
    with pytest.raises(InputError, match="share"):
        Scenery(overlap=1.5)
    with pytest.raises(InputError, match="1 or more"):
        bursts.recording(seconds=0)


def recorded(block: int, **options: object) -> tuple[np.ndarray, list[tuple]]:
    config = bursts.Config(scenery=Scenery(**options))
    blocks = [*bursts.recording(config, seconds=0.1, seed=4, block=block)]
    assert [b.start for b in blocks] == [*range(0, 156_250, block)]
    events = [tuple(event)[:3] for b in blocks for event in b.events]
    for b in blocks:
        assert ((b.events.onset >= b.start) & (b.events.onset < b.start + b.x.shape[1])).all()
    return np.concatenate([b.x for b in blocks], axis=1)[0], events


def test_a_recording_is_the_same_in_any_blocks() -> None:
    whole, events = recorded(10**6)
    assert whole.size == 156_250
    assert len(events) > 3
    for block in (1000, 65_536, 99_999):
        x, found = recorded(block)
        np.testing.assert_array_equal(x, whole)
        assert found == events


def test_the_events_of_a_recording_stand_where_it_sounds() -> None:
    """Also where bursts run over from one stretch into the next."""
    options = {"n_samples": 2048, "most": 2, "snr_db": (40.0, 40.0), "around": QUIET}
    x, events = recorded(4096, **options)
    onsets = np.array([onset for onset, _, _ in events])
    clear = [o for o in onsets[1:-1] if (abs(onsets - o) < 1500).sum() == 1]
    assert len(clear) > 5
    for onset in clear:
        before, after = x[onset - 60 : onset - 10], x[onset : onset + 60]
        assert after.std() > 20 * before.std()


def test_noise_is_as_loud_at_the_seams_of_a_recording() -> None:
    around = replace(QUIET, drift_db=0.0, hum_db=(-90.0, -90.0))
    config = bursts.Config(
        scenery=Scenery(n_samples=8192, fewest=0, most=0, around=around),
        setup=Setup(tilt_db=(0.0, 0.0)),
    )
    blocks = bursts.recording(config, seconds=1.0, block=8192)
    x = np.concatenate([b.x[0] for b in blocks])[8192:]
    x = x[: x.size // 8192 * 8192].reshape(-1, 8192)
    assert x[:, :4096].std() == pytest.approx(x[:, 4096:].std(), rel=0.01)
    jumps, steps = np.diff(x.ravel())[8191::8192], np.diff(x, axis=1)
    assert jumps.std() == pytest.approx(steps.std(), rel=0.2)
