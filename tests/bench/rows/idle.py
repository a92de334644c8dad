# SPDX-License-Identifier: GPL-3.0-or-later
"""Wake-ups and processor time of an idle client with a mail and an IM account."""

import os
import re
from pathlib import Path

from lib import Terminal, resident, w


def run(bench):
    world = w.World(bench.program, servers=True, desktop=False)
    try:
        alice = world.profile("alice")
        terminal = Terminal(alice.command(), world.environment)
        alice.wait_online()
        terminal.drain(5)

        def switches():
            total = 0
            for task in Path(f"/proc/{terminal.pid}/task").iterdir():
                text = (task / "status").read_text()
                total += int(re.search(r"^voluntary_ctxt_switches:\s+(\d+)", text, re.M)[1])
            return total

        def cpu():
            fields = Path(f"/proc/{terminal.pid}/stat").read_text().rsplit(")", 1)[1].split()
            return (int(fields[11]) + int(fields[12])) * 1000 / os.sysconf("SC_CLK_TCK")

        before, cpu_before = switches(), cpu()
        terminal.drain(60)  # the measurement itself: a minute of nothing
        bench.report("idle, mail and IM account, one minute", switches() - before, "wake-ups", "<= 8")
        bench.report("idle, processor time", cpu() - cpu_before, "ms", "<= 1")
        bench.report("memory at rest, on line", resident(terminal.pid) / 1024, "MiB", "<= 24")
        terminal.close()
    finally:
        world.close()
