# SPDX-License-Identifier: GPL-3.0-or-later
"""From a key to the screen: a line down, a page, a conversation opened, against a bare list.

"First" is when the selection has moved, "settled" when the last byte came: the conversation under the
selection is shown beside the list. Then once more while an account is read for the first time, which
nobody at the keys should feel. The store holds 100,000 messages, the account has BENCH_MESSAGES more
(20,000 unless it is set).
"""

import os
import subprocess

from lib import Terminal, median, w

SHOWN = rb"\d\d:\d\d|[A-Z][a-z]{2}"
FIRST, SETTLED = 0, 1


def presses(terminal, keys, back=None, count=30):
    """What Terminal.press() says of a key, from where the one before led or from where `back` leads."""
    seen = []
    for _ in range(count):
        seen.append(terminal.press(keys))
        if back:
            terminal.press(back)
    return [one for one in seen[5:] if one]


def lines(terminal, count=60):
    """Down and up in the middle of the screen, so that no row scrolls."""
    for _ in range(4):
        terminal.press(b"j")
    return [terminal.press(b"jk"[i % 2:i % 2 + 1]) for i in range(count)][5:]


def middle(seen, which):
    return median([one[which] for one in seen])


def run(bench):
    world = w.World(bench.program, servers=False, desktop=False)
    try:
        profile = bench.filled(world, 100000, maildir="Mail")
        bare = Terminal([bench.tool("bare_list")], world.environment)
        bare.until(rb"correspondent")
        line = middle(presses(bare, b"j", count=20), SETTLED)
        page = middle(presses(bare, b" "), SETTLED)
        bare.close()
        terminal = Terminal(profile.command(), world.environment)
        terminal.until(SHOWN)
        terminal.drain(2)
        quiet = lines(terminal)
        bench.report("a line down, first", middle(quiet, FIRST) / line, "x bare list", "<= 2")
        bench.report("a line down, settled", middle(quiet, SETTLED) / line, "x bare list", "")
        pages = presses(terminal, b"\x06", back=b"gg")
        bench.report("a page down, first", middle(pages, FIRST) / page, "x bare list", "<= 2")
        opened = presses(terminal, b"\r", back=b"q")
        bench.report("a conversation opened", middle(opened, SETTLED) / page, "x bare list's page", "<= 2")
        during_first_sync(bench, world, terminal, middle(quiet, FIRST))
        terminal.close()
    finally:
        world.close()


def during_first_sync(bench, world, terminal, quiet):
    count = int(os.environ.get("BENCH_MESSAGES", "20000"))
    terminal.press(b"gg", patience=0.2)
    subprocess.run([bench.tool("generate"), "maildir", str(world.directory / "Mail"), str(count), "2"],
                   check=True, env=world.environment)
    busy = [one for one in lines(terminal, count=200) if one]
    bench.report(f"a line down while {count:,} emails are filed, median", middle(busy, FIRST) / quiet,
                 "x when quiet", "<= 1.5")
    bench.report("... the slowest of 200", max(one[FIRST] for one in busy) / quiet, "x when quiet", "")
