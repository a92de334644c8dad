# SPDX-License-Identifier: GPL-3.0-or-later
"""docs/benchmarks.md: a section a day, the newest first; a row measured again replaces itself."""

import os
import platform
import re

MARK = "<!-- runs: written by make bench, the newest first -->"
HEAD = ("| row | figure | measured | unit | goal | |\n"
        "|---|---|---:|---|---|---|\n")


def conditions():
    """What the figures depend on besides the program; no name of a machine."""
    with open("/proc/meminfo", encoding="ascii") as memory:
        kilobytes = int(re.search(r"MemTotal:\s+(\d+)", memory.read())[1])
    return (f"{os.cpu_count()} processors ({platform.machine()}), {round(kilobytes / 2**20)} GiB of memory, "
            f"{platform.system()} {platform.release().split('-')[0]}, load {os.getloadavg()[0]:.1f} at the end")


def met(value, goal):
    """Whether a figure keeps its goal: '<= 4', '>= 0.6'; None where there is none."""
    found = re.fullmatch(r"(<=|>=) ([\d.]+)", goal)
    if not found:
        return None
    return value <= float(found[2]) if found[1] == "<=" else value >= float(found[2])


def line(figure):
    verdict = {True: "met", False: "**missed**", None: ""}[met(figure["value"], figure["goal"])]
    note = f" ({figure['note']})" if figure["note"] else ""
    return (f"| {figure['row']} | {figure['name']}{note} | {figure['value']:.2f} | {figure['unit']} | "
            f"{figure['goal']} | {verdict} |\n")


def merge(old, figures):
    """The lines of a day's table after these figures: their rows replaced, the others kept."""
    again = {f["row"] for f in figures}
    kept = [one for one in old if one.split("|")[1].strip() not in again]
    return sorted(kept + [line(f) for f in figures], key=lambda one: one.split("|")[1].strip())


def add(path, day, where, figures):
    text = path.read_text(encoding="utf-8")
    top, mark, runs = text.partition(MARK)
    if not mark:
        raise ValueError(f"{path} has no line {MARK}")
    sections = re.findall(r"## (\S+)\n\n(.*?)\n\n\| row .*?\n\|---.*?\n((?:\|.*\n)*)", runs)
    days = {name: (said, lines.splitlines(keepends=True)) for name, said, lines in sections}
    days[day] = (where, merge(days.get(day, (where, []))[1], figures))
    body = "".join(f"\n## {name}\n\n{days[name][0]}\n\n{HEAD}{''.join(days[name][1])}"
                   for name in sorted(days, reverse=True))
    path.write_text(top + MARK + "\n" + body, encoding="utf-8")
