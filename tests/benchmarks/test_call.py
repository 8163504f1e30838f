"""Finding benchmarks, giving them options, and keeping what they say."""

from inspect import signature
from pathlib import Path

import pytest
import torch

import benchmarks
from benchmarks import __main__ as command
from benchmarks._machine import one_thread
from benchmarks._options import by_benchmark, typed
from benchmarks._page import keep, table, with_section
from ondes.errors import InputError

PAGE = "# Results\n\nBefore.\n\n<!-- begin a -->\nold\n<!-- end a -->\n\nAfter.\n"


def some_report(*, clips: int = 3, model: str = "m") -> str:
    return f"{clips} {model}"


def test_every_benchmark_has_a_report_whose_options_have_defaults() -> None:
    for name in benchmarks.names():
        options = signature(benchmarks.find(name).report).parameters.values()
        assert {type(option.default) for option in options} <= {int, str}, name


def test_an_unknown_benchmark_is_answered_with_the_nearest_one() -> None:
    with pytest.raises(InputError, match="did you mean 'memory'"):
        benchmarks.find("memroy")


def test_options_reach_their_benchmark_in_its_types() -> None:
    given = by_benchmark(["a", "b"], ["a.clips=5", "a.model="])
    assert given == {"a": {"clips": "5", "model": ""}, "b": {}}
    assert typed("a", some_report, given["a"]) == {"clips": 5, "model": ""}


@pytest.mark.parametrize("setting", ["clips=5", "a.clips", "c.clips=5"])
def test_a_setting_for_no_benchmark_is_refused(setting: str) -> None:
    with pytest.raises(InputError, match="--set"):
        by_benchmark(["a"], [setting])


def test_an_unknown_option_or_a_wrong_type_is_refused() -> None:
    with pytest.raises(InputError, match="did you mean 'clips'"):
        typed("a", some_report, {"clip": "5"})
    with pytest.raises(InputError, match="whole number"):
        typed("a", some_report, {"clips": "many"})


def test_a_section_replaces_what_is_between_its_markers_alone() -> None:
    page = with_section(PAGE, "a", "new \\1\n")
    assert page == PAGE.replace("old", "new \\1")


def test_a_section_without_markers_comes_at_the_end() -> None:
    page = with_section(PAGE, "b", "more")
    assert page.startswith(PAGE.rstrip())
    assert page.endswith("\n\n<!-- begin b -->\nmore\n<!-- end b -->\n")
    assert with_section(page, "b", "more") == page


def test_a_page_is_made_where_there_is_none(tmp_path: Path) -> None:
    path = tmp_path / "docs" / "results.md"
    keep(path, "a", "first")
    keep(path, "b", "second")
    keep(path, "a", "third")
    words = path.read_text().split()
    assert [word for word in words if word in ("first", "second", "third")] == ["third", "second"]


def test_columns_of_a_table_line_up() -> None:
    lines = table(("name", "kind", "value"), [("x", "y", "1")], texts=2).splitlines()
    assert lines == ["| name | kind | value |", "| --- | --- | --: |", "| x | y | 1 |"]


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    def find(_: str) -> object:
        return type("Benchmark", (), {"report": staticmethod(some_report)})

    monkeypatch.setattr(benchmarks, "find", find)


@pytest.mark.usefixtures("quick")
def test_the_command_prints_and_keeps_the_section_with_command_and_machine(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "results.md"
    assert command.main(["quick", "--set", "quick.clips=7", "-o", str(path)]) == 0
    printed = capsys.readouterr().out
    assert printed.startswith("7 m\n")
    assert "`python -m benchmarks quick --set quick.clips=7`" in printed
    assert "one thread of" in printed
    assert printed.strip() in path.read_text()


@pytest.mark.usefixtures("quick")
def test_a_wrong_call_runs_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "results.md"
    assert command.main(["one", "two", "--set", "two.clip=7", "-o", str(path)]) == 2
    assert "did you mean 'clips'" in capsys.readouterr().err
    assert not path.exists()


def test_reports_are_made_on_one_thread_and_no_more_is_changed() -> None:
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        with one_thread():
            assert torch.get_num_threads() == 1
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)
