#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# The page of figures: a row measured again replaces itself and nothing else, a day has one section.
PYTHONDONTWRITEBYTECODE=1 PYTHONPATH="${TOP_SRCDIR:-.}/tests/bench" exec /usr/bin/python3 - "${TOP_SRCDIR:-.}" <<'EOF'
import os
import sys
import tempfile
from pathlib import Path

import page

number = 0


def ok(good, name):
    global number
    number += 1
    print(f"{'ok' if good else 'not ok'} {number} - {name}")


def figure(row, name, value, goal="<= 4"):
    return {"row": row, "name": name, "value": value, "unit": "x", "goal": goal, "note": ""}


print("1..8")
top = Path(sys.argv[1])
ok(page.MARK in (top / "docs" / "benchmarks.md").read_text(encoding="utf-8"),
   "the page has the line after which runs are written")
ok((page.met(4, "<= 4"), page.met(4.1, "<= 4"), page.met(0.7, ">= 0.6"), page.met(1, "")) ==
   (True, False, True, None), "a goal is met, missed, or not there")
with tempfile.TemporaryDirectory() as directory:
    path = Path(directory) / "page.md"
    path.write_text("# By hand\n\n" + page.MARK + "\n", encoding="utf-8")
    page.add(path, "2030-01-01", "two processors", [figure("start", "one", 3), figure("im", "two", 2)])
    page.add(path, "2030-01-01", "one processor", [figure("start", "other", 5)])
    text = path.read_text(encoding="utf-8")
    ok(text.startswith("# By hand\n"), "what was written by hand stays")
    ok("| im | two | 2.00 |" in text, "a row that was not measured again stays")
    ok("| start | one |" not in text and "| start | other | 5.00 | x | <= 4 | **missed** |" in text,
       "a row that was measured again is replaced")
    ok(text.count("## 2030-01-01") == 1, "a day has one section")
    page.add(path, "2030-01-02", "two processors", [figure("im", "two", 1)])
    text = path.read_text(encoding="utf-8")
    ok(text.index("2030-01-02") < text.index("2030-01-01"), "the newest day is first")
    path.write_text("no mark", encoding="utf-8")
    try:
        page.add(path, "2030-01-02", "", [])
        ok(False, "a page without the line is refused")
    except ValueError:
        ok(path.read_text(encoding="utf-8") == "no mark", "a page without the line is refused")
EOF
