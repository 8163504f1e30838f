"""What limits `piano-tones`: its scores on the unheard piano, one difficulty at a time."""

from collections.abc import Iterator
from dataclasses import replace

import ondes
from ondes.data.chosen import chosen
from ondes.data.mixtures import Mixing
from ondes.data.sets import tones
from ondes.ops.augment import Config as Augmentation
from ondes.run.pipeline import Pipeline
from ondes.tasks.detect import evaluate

COLUMNS = ("frame_f1", "frame_precision", "frame_recall", "roc_auc", "note_f1", "note_offset_f1")
OFF = Augmentation(p_gain=0, p_noise=0, p_channel_swap=0, p_chorus=0, p_reverb=0)
CLIP = Mixing(n_samples=2**16)
CASES = {
    "as tested: 2-30 tones of 0.1-1 s, augmented": CLIP,
    "not augmented": replace(CLIP, augmented=False),
    "noise on every clip": replace(CLIP, augmentation=replace(OFF, p_noise=1.0)),
    "reverb on every clip": replace(CLIP, augmentation=replace(OFF, p_reverb=1.0)),
    "2-8 tones, not augmented": replace(CLIP, augmented=False, most=8),
    "16-30 tones, not augmented": replace(CLIP, augmented=False, fewest=16),
    "tones of 0.05-0.2 s (the thesis's density)": replace(CLIP, shortest_s=0.05, longest_s=0.2),
    "tones of 0.5-2 s": replace(CLIP, shortest_s=0.5, longest_s=2.0),
}


def report(clips: int = 60) -> str:
    """Return the section: a table of scores by kind of clip."""
    pipeline = ondes.load("piano-tones")
    head = "| clips of the unheard piano | " + " | ".join(COLUMNS) + " |"
    rule = "|---|" + "---:|" * len(COLUMNS)
    rows = "\n".join(_rows(pipeline, clips))
    said = f"{clips} clips each, seed and thresholds as in the tests."
    return f"## What limits piano-tones\n\n{said}\n\n{head}\n{rule}\n{rows}"


def _rows(pipeline: Pipeline, clips: int) -> Iterator[str]:
    for name, mixing in CASES.items():
        config = tones.Config(rate_hz=24_000, mixing=mixing)
        examples = tones.build(config, split="test", seed=0)
        scores = evaluate(pipeline, chosen(examples, range(min(clips, len(examples)))))
        yield f"| {name} | " + " | ".join(f"{scores[column]:.3f}" for column in COLUMNS) + " |"
