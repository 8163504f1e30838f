"""Beats and episodes scored after EC57, against counts by hand."""

from dataclasses import dataclass, field

import numpy as np
import pytest

from ondes.errors import InputError
from ondes.events import EventList
from ondes.protocols import Example, Told
from ondes.spec import Spec
from ondes.tasks.detect import Decoder, Tolerances
from ondes.tasks.detect.hearts import beat_scores, episode_scores, flat

RATE = 100


def beats(*rows: tuple[float, str]) -> EventList:
    return EventList.of([(round(s * RATE), round(s * RATE) + 5, x) for s, x in rows], rate_hz=RATE)


@dataclass
class Records:
    """Silent records, whose sample 0 is their number, with what is told of them."""

    truth: list[EventList]
    told_of: list[Told]
    labels: tuple[str, ...] = ("N", "S", "V", "F", "Q")
    rate_hz: float = RATE
    n_channels: int = 1

    def __len__(self) -> int:
        return len(self.truth)

    def __getitem__(self, index: int) -> Example:
        return Example(np.full((1, 1000), index, np.float32), self.truth[index])

    def told(self, index: int) -> Told:
        return self.told_of[index]


@dataclass
class Finds:
    """Finds in record k what it is told to."""

    found: list[EventList]
    classes: tuple[str, ...] = ("N", "S", "V", "F", "Q")
    decoder: Decoder = field(default_factory=Decoder)
    tolerances: Tolerances = field(default_factory=Tolerances)

    @property
    def spec(self) -> Spec:
        return Spec(RATE, 1, self.classes, hop=5, look_back=0, look_ahead=0)

    def probabilities(self, x: np.ndarray, *, rate_hz: float) -> np.ndarray:
        return np.zeros((1, len(self.classes), x.shape[1] // 5), np.float32)

    def events(self, x: np.ndarray, *, rate_hz: float) -> EventList:
        return self.found[int(x[0, 0])]


NONE = EventList.empty(RATE)
TRUTH = beats((1, "N"), (2, "V"), (3, "S"), (4, "V"), (5, "N"))
FOUND = beats((1.1, "N"), (2, "V"), (3, "N"), (4.3, "V"), (5, "S"))


def test_beats_are_counted_by_class_and_record() -> None:
    full = Told("100", ("N", "S", "V", "F", "Q"), NONE)
    data = Records([TRUTH, TRUTH], [full, full._replace(name="101")])
    scores = beat_scores(Finds([FOUND, TRUTH]), data)
    first, second = scores["records"]["100"], scores["records"]["101"]
    assert (first["r_sen"], first["r_ppv"], first["beats"]) == (0.8, 0.8, 5)
    assert (first["veb"]["sen"], first["veb"]["ppv"]) == (0.5, 0.5)
    assert (first["sveb"]["sen"], first["sveb"]["ppv"]) == (0.0, 0.0)
    assert (second["r_f1"], second["v_f1"], second["sveb"]["f1"]) == (1.0, 1.0, 1.0)
    assert (scores["r_f1"], scores["v_f1"], scores["veb"]["sen"]) == (0.9, 0.75, 0.75)
    assert scores["average"]["veb_sen"] == 0.75
    table = np.array(scores["confusion"])
    assert table.sum() == 11
    assert table[scores["classes"].index("S"), scores["classes"].index("N")] == 1
    assert scores["untold"] == {}
    assert flat(first)["sveb_sen"] == 0.0


def test_what_is_not_told_is_neither_right_nor_wrong() -> None:
    truth = beats((1, "N"), (2, "V"), (3, "N"))
    found = beats((1, "S"), (2, "V"), (3, "Q"))
    scores = beat_scores(Finds([found]), Records([truth], [Told("cut", ("V",), NONE)]))
    assert (scores["r_f1"], scores["v_f1"], scores["veb"]["acc"]) == (1.0, 1.0, 1.0)
    assert np.isnan(scores["sveb"]["sen"])
    assert scores["untold"] == {"cut": ["S", "F", "Q"]}
    plain = beat_scores(Finds([found]), Records([truth], [Told("noisy", (), NONE)]))
    assert plain["r_f1"] == 1.0
    assert np.isnan(plain["v_f1"])


def test_ventricular_flutter_is_left_out() -> None:
    flutter = EventList.of([(250, 800, "VF")], rate_hz=RATE)
    truth, found = (
        beats((1, "N"), (2, "N"), (9, "N")),
        beats((1, "N"), (2, "N"), (4, "V"), (9, "N")),
    )
    told = Told("207", ("N", "S", "V", "F", "Q"), flutter)
    assert beat_scores(Finds([found]), Records([truth], [told]))["r_f1"] == 1.0
    apart = told._replace(apart=NONE)
    assert beat_scores(Finds([found]), Records([truth], [apart]))["r_ppv"] == 0.75


def test_labels_of_no_beat_are_refused() -> None:
    data = Records([beats((1, "N"))], [Told("a", ("N",), NONE)])
    with pytest.raises(InputError, match=r"labelled hum, scored by EC57.*scoring=events"):
        beat_scores(Finds([beats((1, "hum"))]), data)


def test_episodes_are_counted_and_measured() -> None:
    told = Told("a", ("(AFIB",), NONE)
    truth = EventList.of([(0, 400, "(AFIB"), (600, 800, "(AFIB")], rate_hz=RATE)
    found = EventList.of([(100, 500, "(AFIB")], rate_hz=RATE)
    data = Records([truth, NONE], [told, told._replace(name="b")], labels=("(AFIB",))
    scores = episode_scores(Finds([found, NONE], classes=("(AFIB",)), data)
    assert scores["episode"] == {"sen": 0.5, "ppv": 1.0}
    assert scores["duration"] == {"sen": 0.5, "ppv": 0.75}
    assert (scores["episodes"], scores["seconds"], set(scores["records"])) == (2, 6.0, {"a", "b"})
    assert np.isnan(scores["records"]["b"]["duration"]["sen"])
