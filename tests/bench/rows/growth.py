# SPDX-License-Identifier: GPL-3.0-or-later
"""What grows with the store: the screen and the command line at 1,000 to 1,000,000 messages.

Of each figure the value is the exponent e: what is measured grows as the number of messages to the power
of e (least squares over the logarithms of both). 0 is no growth, 1 is twice as long for twice as many.
The note has what was measured at each size as a multiple of the smallest one. BENCH_SIZES and
BENCH_STORES are as grown.py says.
"""

import math
import os
import subprocess
import time
from pathlib import Path

from grown import Grown, sizes
from lib import Terminal, first_paint, median, resident, timed, w

SHOWN = rb"\d\d:\d\d|[A-Z][a-z]{2}"
ROUNDS = 20
STARTS = 10
PAGES = 7       # in a list of a store of 1,000
ONE_PANE = 70   # columns of a screen that shows the list and nothing beside it
FLAT = "<= 0.05"
# what bench_store asks that the screen does not wait for: a worker or the command line does; and what
# finds more in a larger store, up to a bound
ASIDE = ("search:", "a name completed", "a list narrowed to a part of many names")


def exponent(by_size):
    """Least squares on the logarithms; None for one size."""
    points = [(math.log(size), math.log(max(value, 1e-9))) for size, value in by_size.items()]
    if len(points) < 2:
        return None
    x, y = (sum(axis) / len(points) for axis in zip(*points))
    return sum((a - x) * (b - y) for a, b in points) / sum((a - x) ** 2 for a, _ in points)


def multiples(by_size):
    first = by_size[min(by_size)]
    return ", ".join(f"{size:,}: {value / first:.2f}" for size, value in sorted(by_size.items()))


def report(bench, name, by_size, goal=FLAT):
    value = exponent(by_size)
    if value is None:
        raise w.Failed("growth needs two sizes at least; set BENCH_SIZES")
    bench.report(name, value, "exponent", goal, multiples(by_size))


def run(bench):
    world = w.World(bench.program, servers=False, desktop=False)
    try:
        stores = [Grown(bench, world, size) for size in sorted(sizes())]
        start(bench, world, stores)
        questions(bench, world, stores)
        keys(bench, world, stores)
        command_line(bench, world, stores)
        index(bench, world, stores)
    finally:
        world.close()


def start(bench, world, stores):
    """Sizes alternate, so that what else the machine does meets all of them alike."""
    bare, ours = [], {store.count: [] for store in stores}
    for i in range(STARTS + 2):
        bare.append(first_paint([bench.tool("bare_list")], world.environment, rb"correspondent"))
        for store in stores:
            seconds = first_paint(store.command(), world.environment, SHOWN)
            if i >= 2:
                ours[store.count].append(seconds)
    times = {size: median(seconds) for size, seconds in ours.items()}
    largest = max(times)
    report(bench, "first screen", times)
    bench.report(f"first screen, {largest:,} messages", times[largest] / median(bare[2:]), "x bare list", "<= 4")
    bench.report(f"... {largest:,} against {min(times):,}", times[largest] / times[min(times)], "x", "<= 1.2")


def questions(bench, world, stores):
    """What the screen asks of the store, in processor time."""
    asked = {}
    for store in stores:
        lines = subprocess.run([bench.tool("bench_store"), str(store.store)], check=True, text=True,
                               stdout=subprocess.PIPE, env=world.environment).stdout.splitlines()
        for line in lines:
            name, microseconds = line.split("\t")
            asked.setdefault(name, {})[store.count] = float(microseconds)
    for name, by_size in asked.items():
        report(bench, name, by_size, "" if name.startswith(ASIDE) else FLAT)


def open_all(world, stores, columns=120):
    """A screen for each store, at rest."""
    terminals = {}
    for store in stores:
        terminals[store.count] = Terminal(store.command(), world.environment, columns)
        terminals[store.count].until(SHOWN)
        terminals[store.count].drain(1)
    return terminals


def close_all(terminals):
    for terminal in terminals.values():
        terminal.close()


def keys(bench, world, stores):
    """Keys on the running screens, in processor time, and what they keep in memory."""
    terminals = open_all(world, stores)
    memory = {size: resident(terminal.pid) / 1024 for size, terminal in terminals.items()}
    # beside the list stands what was said: in a large store most people have a screen full of messages, in a
    # small one one or two, which is why the list is measured alone too
    for name, key, back, times in (("a line down", b"j", b"gg", PAGES), ("a page down", b"\x06", b"gg", PAGES),
                                   ("a conversation opened", b"\r", b"q", 1),
                                   ("the folders opened", b"F", b"q", 1), ("the end of the list", b"G", b"gg", 1)):
        report(bench, f"key: {name}", press(terminals, key, back, times))
    used = {size: resident(terminal.pid) / 1024 for size, terminal in terminals.items()}
    close_all(terminals)
    terminals = open_all(world, stores, ONE_PANE)
    report(bench, "key: a line down, the list alone", press(terminals, b"j", b"gg", PAGES))
    report(bench, "key: a page down, the list alone", press(terminals, b"\x06", b"gg", PAGES))
    close_all(terminals)
    report(bench, "memory at rest", memory)
    bench.report(f"memory at rest, {max(memory):,} messages", memory[max(memory)], "MiB", "<= 24")
    report(bench, "memory after these keys", used)
    bench.report(f"memory after these keys, {max(used):,} messages", used[max(used)], "MiB", "<= 24")


def worked(pid):
    """Seconds for which the threads of a process have run."""
    return sum(int(path.read_text(encoding="ascii").split()[0])
               for path in Path(f"/proc/{pid}/task").glob("*/schedstat")) / 1e9


def press(terminals, key, back, times=1):
    """Of each screen the seconds of work for a key, all it changes included: the median over some rounds, in
    which the screens alternate. times: so often in a row, before it is taken back."""
    seen = {size: [] for size in terminals}
    for i in range(max(ROUNDS // times, 2) + 2):
        for size, terminal in list(terminals.items())[::1 - i % 2 * 2]:
            for _ in range(times):
                before = worked(terminal.pid)
                terminal.press(key, settle=0.05)
                if i >= 2:
                    seen[size].append(worked(terminal.pid) - before)
            terminal.press(back, settle=0.05)
    return {size: median(seconds) for size, seconds in seen.items()}


def command_line(bench, world, stores):
    for name, words in (("command line: search, a rare word", ("search", "paper-17.pdf")),
                        ("command line: search, a common word, first 50", ("search", "--limit", "50", "lo")),
                        ("command line: search, one sender, first 50",
                         ("search", "--limit", "50", "from:person0@mail.test")),
                        ("command line: search, a rare sender", ("search", "--limit", "50", "from:person399@mail.test")),
                        ("command line: list", ("list",)), ("command line: outbox", ("outbox",))):
        times = {store.count: [] for store in stores}
        for _ in range(STARTS):
            for store in stores:
                times[store.count].append(timed(store.command(*words), world.environment))
        report(bench, name, {size: min(seconds) for size, seconds in times.items()},
               FLAT if words[0] == "outbox" else "")


def index(bench, world, stores):
    """A Maildir in which nothing is new, and one new email in it."""
    nothing, one = {}, {}
    for store in stores:
        command = store.command("engine", "--once")
        timed(command, world.environment)
        nothing[store.count] = min(timed(command, world.environment) for _ in range(3))
        one[store.count] = median([arrive(store, command, world) for _ in range(3)])
    report(bench, "index, nothing new", nothing, "<= 1")
    report(bench, "index, one new message", one, "<= 1")


def arrive(store, command, world):
    """An email is delivered, read, and taken away again."""
    number = time.time_ns()
    path = store.mail / "new" / f"{number // 10 ** 9}.N{number}.bench"
    path.write_text(f"From: person0@mail.test\nTo: me@example.test\nSubject: new\nMessage-ID: <n{number}@mail.test>"
                    "\nDate: Thu, 01 Jan 2026 00:00:00 +0000\n\nlo mi ter\n", encoding="ascii")
    seconds = timed(command, world.environment)
    os.unlink(path)
    timed(command, world.environment)
    return seconds
