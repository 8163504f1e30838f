"""The house stays as it was drawn: quick to enter, floors apart, rooms small."""

import ast
import os
import statistics
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

SOURCE = Path(__file__).resolve().parents[1] / "src" / "ondes"
FILES = sorted(SOURCE.rglob("*.py"))
Function = ast.FunctionDef | ast.AsyncFunctionDef

LIGHT = ["ondes", "ondes.cli", "ondes.io", "ondes.signal", "ondes.events", "ondes.timebase"]
LIGHT += ["ondes.spec", "ondes.protocols", "ondes.errors"]
HEAVY = {"torch", "scipy", "sklearn", "accelerate", "pydantic", "jinja2", "PIL"}

LONGEST_FILE = 400
LONGEST_FUNCTION = 45
MEDIAN_FUNCTION = 8


def python(code: str) -> str:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return done.stdout


def functions() -> Iterator[tuple[str, Function]]:
    for file in FILES:
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, Function):
                yield f"{file.relative_to(SOURCE)}:{node.lineno} {node.name}", node


def code_lines(function: Function) -> int:
    """Count lines from the first statement to the last, without the docstring."""
    body = function.body[1:] if ast.get_docstring(function) else function.body
    return body[-1].end_lineno - body[0].lineno + 1 if body else 0


@pytest.mark.parametrize("module", LIGHT)
def test_importing_a_word_loads_nothing_heavy(module: str) -> None:
    loaded = python(f"import {module}, sys; print(*sys.modules)").split()
    assert not HEAVY.intersection(loaded)


@pytest.mark.parametrize("arguments", [["-c", "import ondes"], ["-m", "ondes", "--help"]])
def test_start_up_takes_under_half_a_second(arguments: list[str]) -> None:
    def seconds() -> float:
        before = os.times()
        subprocess.run([sys.executable, *arguments], check=True, stdout=subprocess.DEVNULL)
        after = os.times()
        spent = after.children_user + after.children_system
        return spent - before.children_user - before.children_system

    # of the processor's time, so that a busy machine does not fail the test
    assert min(seconds() for _ in range(3)) < 0.5


def test_files_stay_short() -> None:
    lengths = {
        str(file.relative_to(SOURCE)): file.read_text(encoding="utf-8").count("\n")
        for file in FILES
    }
    assert {file: length for file, length in lengths.items() if length > LONGEST_FILE} == {}


def test_functions_stay_short() -> None:
    lengths = {name: code_lines(function) for name, function in functions()}
    assert {name: length for name, length in lengths.items() if length > LONGEST_FUNCTION} == {}
    assert statistics.median(lengths.values()) <= MEDIAN_FUNCTION


def test_no_function_takes_whatever_it_is_given() -> None:
    assert [name for name, function in functions() if function.args.kwarg] == []


def test_nothing_executes_on_load() -> None:
    loaders = {"pickle", "dill", "cloudpickle", "marshal", "shelve", "joblib"}
    for file in FILES:
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call):
                continue
            called = ast.unparse(node.func)
            assert called.partition(".")[0] not in loaders, f"{file}:{node.lineno}"
            if called == "torch.load":
                safe = {word.arg: ast.unparse(word.value) for word in node.keywords}
                assert safe.get("weights_only") == "True", f"{file}:{node.lineno}"


def test_every_package_says_what_it_is() -> None:
    silent = [str(f) for f in FILES if not ast.get_docstring(ast.parse(f.read_text("utf-8")))]
    assert silent == []


def test_no_room_imports_another_by_dots_or_stars() -> None:
    for file in FILES:
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom):
                assert node.level == 0, f"{file}:{node.lineno}"
                assert node.names[0].name != "*", f"{file}:{node.lineno}"
