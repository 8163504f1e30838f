"""The detect task: targets and losses by hand, scores against scikit-learn and mir_eval."""

import math

import mir_eval
import numpy as np
import pytest
import torch
from sklearn.metrics import average_precision_score, f1_score, roc_auc_score
from torch import nn

from ondes import tasks
from ondes.errors import ChannelError, InputError, RateError, RecipeError, TooShortError
from ondes.events import EventList
from ondes.protocols import Example
from ondes.spec import Spec
from ondes.tasks.detect import Decoder, DetectTask, Tolerances, decode, evaluate, predictions, tuned
from ondes.testing import check_task

HOP, RATE_HZ, LABELS = 80, 8000.0, ("a", "b")


class Loud(nn.Module):
    """Says "a" where channel 0 is loud, "b" where it is loud and falling; one weight."""

    def __init__(self, heads=("frame", "onset")):
        super().__init__()
        self.gain = nn.Parameter(torch.tensor(20.0))
        self.spec = Spec(RATE_HZ, 1, LABELS, HOP, look_back=0, look_ahead=0, heads=heads)

    def forward(self, x):
        level = nn.functional.avg_pool1d(x.abs(), HOP)
        rise = torch.diff(level, prepend=level[..., :1])
        maps = [self.gain * (level - 0.3), self.gain * (rise - 0.3), self.gain * (-rise - 0.3)]
        heads = [torch.cat([m, m - 2 * rise], dim=1) for m in maps[: len(self.spec.heads)]]
        return torch.stack(heads, dim=1)


class Apt(nn.Module):
    """Learns quickly from the level of each frame and its neighbours."""

    def __init__(self, heads):
        super().__init__()
        torch.manual_seed(0)
        self.mix = nn.Conv1d(1, 2 * len(heads), 3, padding=1)
        self.spec = Spec(RATE_HZ, 1, LABELS, HOP, look_back=HOP, look_ahead=HOP, heads=heads)

    def forward(self, x):
        level = 50 * nn.functional.avg_pool1d(x.abs(), HOP) - 20
        return self.mix(level).unflatten(1, (len(self.spec.heads), 2))


class Bursts:
    """Clips of noise with louder stretches."""

    rate_hz, labels, n_channels = RATE_HZ, LABELS, 1

    def __init__(self, n=6):
        self.n = n

    def __len__(self):
        return self.n

    def __getitem__(self, i):
        rng = np.random.default_rng(i)
        x = rng.uniform(-0.7, 0.7, 8000)
        begin = np.sort(rng.choice(np.arange(1, 19), 4, replace=False)) * 400
        rows = [
            (int(b), int(b + rng.integers(160, 390)), LABELS[j % 2]) for j, b in enumerate(begin)
        ]
        for onset, offset, _ in rows:
            x[onset:offset] *= 2
        return Example(x[None].astype(np.float32), EventList.of(rows, rate_hz=RATE_HZ))


def example(rows, n=800):
    return Example(np.zeros((1, n), np.float32), EventList.of(rows, rate_hz=RATE_HZ))


def test_onset_targets_are_triangles_whose_centre_is_the_exact_sample():
    task = DetectTask(Loud(("frame", "onset", "offset")))
    onset, offset = 217, 501
    targets = task.prepare(example([(onset, offset, "b")]))
    centre = (np.arange(10) + 0.5) * HOP
    assert not targets["onset"][0].any()
    for head, place in (("onset", onset), ("offset", offset)):
        expected = np.maximum(0, 1 - np.abs(centre - place) / (2 * HOP))
        np.testing.assert_allclose(targets[head][1], expected, atol=1e-6)
        mass = targets[head][1] / targets[head][1].sum()
        assert (mass * centre).sum() == pytest.approx(place, abs=0.01)
    covered = (onset <= centre) & (centre < offset)
    np.testing.assert_array_equal(targets["frame"][1], covered)


def test_targets_of_near_onsets_do_not_add_up():
    onset = DetectTask(Loud()).prepare(example([(200, 240, "a"), (240, 400, "a")]))["onset"]
    assert onset.max() <= 1
    assert onset.dtype == np.float32


def test_targets_read_back_as_the_events():
    task = DetectTask(Loud(("frame", "onset", "offset")))
    for clip in (Bursts()[i] for i in range(6)):
        targets = task.prepare(clip)
        probs = np.stack([targets[head] for head in task.spec.heads]).astype(np.float32)
        decoder = Decoder(offset=0.4, onset=0.4, restart=0.4)
        found = decode(probs, task.spec.timebase, LABELS, decoder)
        assert found.label.tolist() == clip.events.label.tolist()
        np.testing.assert_allclose(found.onset, clip.events.onset, atol=1)
        np.testing.assert_allclose(found.offset, clip.events.offset, atol=1)


def test_the_loss_of_a_head_is_the_mean_cross_entropy_times_its_weight():
    task = DetectTask(Loud(), onset_weight=3.0, positive=5.0)
    targets = task.prepare(Bursts()[0])
    batch = {name: torch.from_numpy(value)[None] for name, value in targets.items()}
    step = task.step(batch)
    probs = task.predict(batch["x"]).double().numpy()[0]
    for row, (head, factor) in enumerate({"frame": 1.0, "onset": 3.0}.items()):
        true, p = targets[head].astype(float), probs[row]
        cells = -(true * np.log(p) + (1 - true) * np.log(1 - p))
        weight = 1 + 4 * true
        expected = factor * (weight * cells).sum() / weight.sum()
        assert step.losses[head].item() == pytest.approx(expected, rel=1e-3)
    said = probs[0].ravel() > 0.5
    assert step.logs["frame_f1"] == pytest.approx(f1_score(targets["frame"].ravel(), said))
    (phase,) = task.phases()
    assert phase.parameters == phase.terms == ()


def test_one_weight_per_class_and_the_focal_loss():
    batch = {
        k: torch.from_numpy(v)[None] for k, v in DetectTask(Loud()).prepare(Bursts()[1]).items()
    }
    even = DetectTask(Loud(), positive=(2.0, 2.0)).step(batch).losses["frame"]
    assert even.item() == pytest.approx(
        DetectTask(Loud(), positive=2.0).step(batch).losses["frame"].item()
    )
    plain = DetectTask(Loud()).step(batch).losses["frame"]
    unfocused = DetectTask(Loud(), loss="focal", gamma=0.0).step(batch).losses["frame"]
    focused = DetectTask(Loud(), loss="focal").step(batch).losses["frame"]
    assert unfocused.item() == pytest.approx(plain.item())
    assert focused.item() < plain.item()
    focused.backward()


def test_predicting_leaves_the_network_in_its_mode():
    model = Loud()
    task = DetectTask(model)
    for training in (True, False):
        model.train(training)
        assert task.predict(torch.zeros(1, 1, 160)).requires_grad is False
        assert model.training is training


def test_scores_are_those_of_the_libraries():
    task = DetectTask(Loud(), decoder=Decoder(frame=(0.6, 0.3), high=(0.6,), min_score=0.2))
    scores = evaluate(task, Bursts(), tolerances=Tolerances(onset_s=0.02))
    cells, probs, matched, true, found = [], [], 0, 0, 0
    for prediction in predictions(task, Bursts()):
        grid = task.spec.timebase
        cells.append(prediction.truth.to_frames(grid, LABELS, 100))
        probs.append(prediction.probs[0])
        events = decode(prediction.probs, grid, LABELS, task.decoder)
        for label in LABELS:
            mine = [e.filter(label=label) for e in (prediction.truth, events)]
            spans = [np.stack([e.onset_s, e.offset_s], axis=1) for e in mine]
            pitches = [np.full(len(e), 440.0) for e in mine]
            pairs = (
                mir_eval.transcription.match_notes(
                    spans[0],
                    pitches[0],
                    spans[1],
                    pitches[1],
                    onset_tolerance=0.02,
                    offset_ratio=None,
                )
                if len(mine[0]) and len(mine[1])
                else []
            )
            matched, true, found = matched + len(pairs), true + len(mine[0]), found + len(mine[1])
    cells, probs = np.stack(cells), np.stack(probs)
    said = probs >= np.array([[0.6], [0.3]])
    assert scores["frame_f1"] == pytest.approx(f1_score(cells.ravel(), said.ravel()))
    assert scores["half_f1"] == pytest.approx(f1_score(cells.ravel(), (probs >= 0.5).ravel()))
    assert scores["roc_auc"] == pytest.approx(roc_auc_score(cells.ravel(), probs.ravel()), abs=1e-4)
    assert scores["pr_auc"] == pytest.approx(
        average_precision_score(cells.ravel(), probs.ravel()), abs=1e-3
    )
    assert scores["note_f1"] == pytest.approx(2 * matched / (true + found))
    assert 0 < scores["note_f1"] < 1
    assert scores["examples"] == 6
    assert scores["events"] == true == 24
    assert scores["seconds"] == pytest.approx(6.0)
    assert all(0 <= scores[name] <= 1 for name in ("psds", "event_f1", "segment_macro_f1"))
    assert scores["rtf"] > 0


def test_a_tuned_decoder_scores_better_on_other_clips():
    task, seen, other = DetectTask(Loud(), onset_s=0.02), Bursts(20), Bursts(40)
    before = evaluate(task, other)
    task.decoder = tuned(task, seen)
    after = evaluate(task, other)
    assert after["note_f1"] > before["note_f1"] + 0.05
    assert after["frame_f1"] > before["frame_f1"]


def test_where_there_is_nothing_scores_are_nan_and_nothing_fails():
    class Silence(Bursts):
        def __getitem__(self, i):
            return example([])

    scores = evaluate(DetectTask(Loud()), Silence())
    assert math.isnan(scores["note_f1"])
    assert math.isnan(scores["psds"])
    assert scores["frame_accuracy"] == 1.0


def test_what_does_not_fit_is_refused_with_its_cure():
    task = DetectTask(Loud())
    with pytest.raises(ChannelError, match="choose channels"):
        task.prepare(Example(np.zeros((2, 800), np.float32), EventList.empty(RATE_HZ)))
    with pytest.raises(TooShortError, match="longer windows"):
        task.prepare(example([], n=79))
    with pytest.raises(RateError, match="resample"):
        task.prepare(Example(np.zeros((1, 800), np.float32), EventList.empty(16000)))
    with pytest.raises(InputError, match="'c'"):
        task.prepare(example([(0, 10, "c")]))
    with pytest.raises(RateError, match="pipeline"):
        task.probabilities(np.zeros((1, 800), np.float32), rate_hz=16000)
    with pytest.raises(InputError, match="no example"):
        evaluate(task, Bursts(0))
    two = type("Two", (Bursts,), {"n_channels": 2})()
    with pytest.raises(ChannelError, match="2 channels"):
        evaluate(task, two)


@pytest.mark.parametrize(
    "wrong",
    [{"loss": "bse"}, {"positive": 0.0}, {"positive": (1.0, 1.0, 1.0)}, {"onset_frames": 0}],
)
def test_options_out_of_range_are_refused(wrong):
    with pytest.raises(InputError, match=r"detect\("):
        DetectTask(Loud(), **wrong)


def test_heads_must_come_in_their_order():
    with pytest.raises(InputError, match="heads"):
        DetectTask(Loud(("frame", "offset")))


def test_tasks_are_found_by_the_name_of_their_folder():
    assert tasks.find("detect") is DetectTask
    task = tasks.build("detect", Loud(), {"positive": [1.0, 2.0], "loss": "focal"})
    assert task.loss == "focal"
    with pytest.raises(RecipeError, match="did you mean 'detect'"):
        tasks.find("detekt")
    with pytest.raises(RecipeError, match="did you mean 'positive'"):
        tasks.build("detect", Loud(), {"postive": 2})


@pytest.mark.parametrize("heads", [("frame",), ("frame", "onset"), ("frame", "onset", "offset")])
def test_the_task_keeps_the_promises_of_the_public_battery(heads):
    task = DetectTask(Apt(heads))
    grid = task.spec.timebase
    check_task(task, Bursts(), decode=lambda probs: decode(probs, grid, LABELS, task.decoder))
