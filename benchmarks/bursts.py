"""Bursts: a network beside classical detectors tuned on the same data, by strength and overlap."""

from collections.abc import Iterator, Mapping
from dataclasses import replace

import ondes
from ondes.data.chosen import chosen
from ondes.data.sets import bursts
from ondes.protocols import Dataset
from ondes.run.pipeline import Pipeline
from ondes.tasks.detect import classical, evaluate

COLUMNS = ("frame_f1", "onset_f1", "roc_auc", "event_f1")
SNRS_DB = (-10.0, -5.0, 0.0, 5.0, 10.0, 20.0)
OVERLAPS = (0.0, 0.25, 0.5, 0.75)
SPLITS = {
    "test": "test, 0 to 20 dB",
    "low": "low, -10 to 0 dB",
    "transfer": "transfer, another plate, sensor and noise",
}

Scores = Mapping[str, float]


def report(clips: int = 100, model: str = "ae-bursts") -> str:
    """Return the section: tables by split, ratio and overlap."""
    pipeline = ondes.load(model)
    lines = [
        "## Bursts",
        "",
        f"{clips} clips of 42 ms each. Onsets count within 20 microseconds and of the right type. "
        "The classical detectors are tuned on the network's validation clips; for roc_auc their "
        "frames have the scores of their events.",
    ]
    for heading, cases in _sections().items():
        lines += ["", *_table(heading, pipeline, cases, clips)]
    lines += ["", _spikes(pipeline)]
    return "\n".join(lines)


def _sections() -> dict[str, dict[str, Dataset]]:
    plain = bursts.Config()
    return {
        "clips": {said: _built(plain, split) for split, said in SPLITS.items()},
        "signal to noise": {
            f"{snr_db:g} dB": _built(_with(plain, snr_db=(snr_db, snr_db))) for snr_db in SNRS_DB
        },
        "overlap in pairs": {
            f"{share:.0%}": _built(_with(plain, overlap=share)) for share in OVERLAPS
        },
    }


def _with(config: bursts.Config, **changes: object) -> bursts.Config:
    return replace(config, scenery=replace(config.scenery, **changes))  # type: ignore[arg-type]


def _built(config: bursts.Config, split: str = "test") -> Dataset:
    return bursts.build(config, split=split, seed=0)


def _table(
    heading: str, pipeline: Pipeline, cases: Mapping[str, Dataset], clips: int
) -> Iterator[str]:
    yield f"| {heading} | detector | " + " | ".join(COLUMNS) + " |"
    yield "| --- | --- |" + " --: |" * len(COLUMNS)
    for case, examples in cases.items():
        some = chosen(examples, range(min(clips, len(examples))))
        for detector, scores in _scored(pipeline, some):
            figures = " | ".join(f"{scores[column]:.4f}" for column in COLUMNS)
            yield f"| {case} | {detector} | {figures} |"


def _scored(pipeline: Pipeline, examples: Dataset) -> Iterator[tuple[str, Scores]]:
    yield pipeline.card.name, evaluate(pipeline, examples)
    for family, numbers in pipeline.card.baselines.items():
        yield (
            family,
            classical.scores(
                classical.from_dict(numbers),
                examples,
                hop=pipeline.spec.hop,
                tolerances=pipeline.tolerances,
            ),
        )


def _spikes(pipeline: Pipeline) -> str:
    examples = _built(bursts.Config(), "spikes")
    clips = (examples[i] for i in range(len(examples)))
    taken = sum(len(pipeline.detect(clip.x, rate_hz=examples.rate_hz)) for clip in clips)
    spikes = bursts.SPIKES * len(examples)
    return f"Of {spikes:,} electrical spikes of 1 to 10 samples, {taken} are taken for bursts."
