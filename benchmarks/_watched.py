"""Run `ondes ARGUMENT...` in this process and write down what it took.

python -m benchmarks._watched RESULT.json ARGUMENT...

The process itself says how much memory it held: a parent that reads the usage of a child sees
its own memory, which the child has from the fork until it becomes another program.
"""

from __future__ import annotations

import json
import re
import resource
import sys
import time
from pathlib import Path

from ondes.cli import main

STATUS = Path("/proc/self/status")


def peak_bytes() -> int:
    """The most memory that this program has held."""
    if STATUS.exists():
        found = re.search(r"VmHWM:\s*(\d+) kB", STATUS.read_text())
        if found:
            return 1024 * int(found[1])
    unit = 1 if sys.platform == "darwin" else 1024
    return unit * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


if __name__ == "__main__":
    result, sys.argv = Path(sys.argv[1]), ["ondes", *sys.argv[2:]]
    try:
        main()
    finally:
        took = {"seconds": time.process_time(), "peak_bytes": peak_bytes()}
        result.write_text(json.dumps(took))
