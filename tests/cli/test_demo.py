"""``ondes demo`` with a stand-in for the embedded model, which hears C4 in all that is loud."""

import csv
import re

import mido

from ondes.cli import demo as verb


def test_the_main_job(ondes, piano_tones, tmp_path) -> None:
    done = ondes("demo", "-o", tmp_path / "demo")
    assert done.status == 0
    lines = done.out.splitlines()
    assert "Bach" in lines[0]
    (n_found,) = (int(line.split()[0]) for line in lines if "tones found" in line)
    assert sum("C4" in line for line in lines) == min(verb.SHOWN, n_found) > 0
    assert "note F1" in done.out
    assert re.match(r"Your own recording:  \S*ondes detect take\.wav", lines[-2])
    assert re.match(r"Your own model:      \S*ondes train", lines[-1])


def test_its_results_agree(ondes, piano_tones, tmp_path) -> None:
    ondes("demo", "-o", tmp_path)
    with (tmp_path / "prelude.csv").open(newline="") as table:
        rows = [(float(row["onset_s"]), float(row["offset_s"])) for row in csv.DictReader(table)]
    lines = (tmp_path / "prelude.txt").read_text().splitlines()
    labels = [tuple(map(float, line.split("\t")[:2])) for line in lines]
    messages = [m for m in mido.MidiFile(tmp_path / "prelude.mid") if m.type == "note_on"]
    assert rows
    assert labels == rows
    assert len([m for m in messages if m.velocity]) == len(rows)
    assert {m.note for m in messages} == {60}
    page = (tmp_path / "prelude.html").read_text(encoding="utf-8")
    assert "ondes demo" in page


def test_what_it_tells_to_try_exists() -> None:
    from ondes import recipe

    words = verb.NEXT.splitlines()[1].split()
    assert "laptop" in recipe.outline(words[words.index("train") + 1]).scales
