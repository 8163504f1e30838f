"""Run benchmarks, print what they say, and keep it in docs/results.md.

python -m benchmarks [NAME...] [--set NAME.OPTION=VALUE]... [-o FILE]
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import benchmarks
from benchmarks import _machine, _options, _page
from ondes.errors import OndesError

RESULTS = Path("docs", "results.md")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmarks named, or all; 0 when all are done, 2 when the call or one is wrong."""
    call = _parsed(arguments)
    try:
        for name, run in planned(call.names or benchmarks.names(), call.set).items():
            section = run()
            print(section, end="\n\n", flush=True)
            _page.keep(call.out, name, section)
    except OndesError as error:
        print(f"benchmarks: {error}", file=sys.stderr)
        return 2
    return 0


def planned(names: Sequence[str], settings: Sequence[str]) -> dict[str, Callable[[], str]]:
    """The benchmarks with their options, checked before the first one runs."""
    given = _options.by_benchmark(names, settings)
    return {name: planned_one(name, given[name]) for name in names}


def planned_one(name: str, given: _options.Given) -> Callable[[], str]:
    """What runs a benchmark on one thread and adds the command and the machine to its section."""
    report = benchmarks.find(name).report
    options = _options.typed(name, report, given)
    settings = "".join(f" --set {name}.{key}={value}" for key, value in given.items())

    def run() -> str:
        with _machine.one_thread():
            section = report(**options)
        command = f"python -m benchmarks {name}{settings}"
        return f"{section}\n\nReproduce with `{command}`; here on {_machine.described()}."

    return run


def _parsed(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help="all, if none is named")
    parser.add_argument("--set", action="append", default=[], metavar="NAME.OPTION=VALUE")
    parser.add_argument("-o", "--out", type=Path, default=RESULTS, metavar="FILE")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
