# SPDX-License-Identifier: GPL-3.0-or-later
"""Speed as ratios: each figure against a peer or a limit on the same data in the same run.

    make bench                    all rows
    make bench ROWS="start im"    some of them
    python3 tests/bench/bench.py BUILDDIR PROGRAM [row ...]

A row is a file in tests/bench/rows; its run() measures and reports. What was measured is printed
and written to docs/benchmarks.md, into the section of the day. Absolute times are noise and stay
out of both.
"""

import importlib
import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
sys.path.insert(0, str(HERE / "rows"))
import page  # noqa: E402
from lib import Bench, w  # noqa: E402


def measure(bench, name):
    """FALSE when the row could not be measured; what it reported until then is kept."""
    module = importlib.import_module(name)
    print(f"-- {name}: {module.__doc__.splitlines()[0]}", flush=True)
    bench.row = name
    try:
        module.run(bench)
    except (w.Failed, OSError, subprocess.SubprocessError) as failure:
        print(f"   not measured: {failure}", flush=True)
        return False
    return True


def main():
    build, program, *only = sys.argv[1:]
    names = sorted(path.stem for path in (HERE / "rows").glob("*.py"))
    unknown = [name for name in only if name not in names]
    if unknown:
        print(f"There is no row {', '.join(unknown)}; there are {', '.join(names)}.", file=sys.stderr)
        return 2
    bench = Bench(build, program)
    good = [measure(bench, name) for name in names if not only or name in only]
    if bench.figures:
        page.add(HERE.parent.parent / "docs" / "benchmarks.md", time.strftime("%Y-%m-%d"),
                 page.conditions(), bench.figures)
    return 0 if all(good) else 1


if __name__ == "__main__":
    sys.exit(main())
