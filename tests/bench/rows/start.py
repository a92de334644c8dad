# SPDX-License-Identifier: GPL-3.0-or-later
"""First screen with 1,000 and with 100,000 messages, against a bare list."""

from lib import Terminal, first_paint, median, resident, w


def run(bench):
    world = w.World(bench.program, servers=False, desktop=False)
    try:
        small, large = bench.filled(world, 1000), bench.filled(world, 100000)
        env = world.environment
        bare, one, two = [], [], []
        for i in range(12):
            values = (first_paint([bench.tool("bare_list")], env, rb"correspondent"),
                      first_paint(small.command(), env, rb"\d\d:\d\d|[A-Z][a-z]{2}"),
                      first_paint(large.command(), env, rb"\d\d:\d\d|[A-Z][a-z]{2}"))
            if i >= 2:
                for series, value in zip((bare, one, two), values):
                    series.append(value)
        bench.report("first screen, 1,000 messages", median(one) / median(bare), "x bare list", "<= 4")
        bench.report("first screen, 100,000 messages", median(two) / median(bare), "x bare list", "<= 4")
        bench.report("... 100,000 against 1,000", median(two) / median(one), "x", "<= 1.2")
        terminal = Terminal(large.command(), env)
        terminal.until(rb"\d\d:\d\d|[A-Z][a-z]{2}")
        terminal.drain(2)
        bench.report("memory at rest, 100,000 messages", resident(terminal.pid) / 1024, "MiB", "<= 24")
        terminal.close()
    finally:
        world.close()
