"""What is said where."""

import json
import sys
import time

import pytest

from ondes.cli import _console


def test_json_has_no_nan(capsys) -> None:
    _console.show_json({"a": float("nan"), "b": [1, (2.5, None)], "c": {"é": float("inf")}})
    said = capsys.readouterr()
    assert json.loads(said.out) == {"a": None, "b": [1, [2.5, None]], "c": {"é": None}}
    assert "é" in said.out
    assert said.err == ""


def test_notes_are_no_results(capsys) -> None:
    _console.note("by the way")
    assert capsys.readouterr() == ("", "by the way\n")


@pytest.mark.parametrize("patience_s", [0, 60])
@pytest.mark.parametrize("terminal", [True, False])
def test_progress_is_for_long_work_on_terminals(capsys, monkeypatch, patience_s, terminal) -> None:
    monkeypatch.setattr(_console, "PATIENCE_S", patience_s)
    for stream in (sys.stdout, sys.stderr):
        monkeypatch.setattr(stream, "isatty", lambda: terminal, raising=False)
    with _console.progress(2) as advance:
        time.sleep(0.01)
        advance(1, "take.wav")
    said = capsys.readouterr()
    assert said.out == ""
    assert ("take.wav" in said.err) == (terminal and patience_s == 0)
