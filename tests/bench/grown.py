# SPDX-License-Identifier: GPL-3.0-or-later
"""Stores of several sizes with the same kind of content, for the rows that look at growth.

Of ten messages seven are emails in a Maildir, read by the engine as any Maildir is, and three are IMs
out of a log. A store of a million takes five minutes to make and 5 GB, so they are kept in the directory
that BENCH_STORES names, for the next run; without it they go with the rest of the run. BENCH_SIZES says
which sizes: "1000 10000 100000" unless it is set.
"""

import os
import shutil
import subprocess
from pathlib import Path

from lib import w

START = 1767225600  # the newest message lies before this
SEED = 1
MADE = "made 1\n"  # what the generator makes; another number when it makes something else


def sizes():
    return [int(size) for size in os.environ.get("BENCH_SIZES", "1000 10000 100000").split()]


class Grown(w.Profile):
    """A profile with `count` messages; `mail` is its Maildir."""

    def __init__(self, bench, world, count):
        self.world, self.name, self.engines, self.count = world, f"grown{count}", [], count
        self.top = Path(os.environ.get("BENCH_STORES", world.directory / "stores")) / str(count)
        self.mail, self.directory = self.top / "Mail", self.top / "profile"
        self.store = self.directory / "data" / "sennit.db"
        mark = self.top / "made"
        if not mark.exists() or mark.read_text(encoding="ascii") != MADE:
            shutil.rmtree(self.top, ignore_errors=True)
            self.store.parent.mkdir(parents=True, mode=0o700)
            self._make(bench)
            mark.write_text(MADE, encoding="ascii")
        # what was there before, and where it is now: a directory may have been moved
        self._configure()

    def _configure(self):
        self.directory.chmod(0o700)
        self.write("accounts.conf", "[bench]\nfrom = Me <me@example.test>\n"
                                    f"source = maildir://{self.mail}\n")
        self.write("sennit.conf", self.world.settings)

    def _make(self, bench):
        emails = self.count * 7 // 10
        log = self.top / "im.log"
        self._configure()
        generate = bench.tool("generate")
        # files and rows are made side by side, one by each processor
        files = subprocess.Popen([generate, "brief", str(self.mail), str(emails), str(SEED), str(START)],
                                 env=self.world.environment)
        try:
            for what in (("log", log, self.count - emails, SEED, START), ("talk", self.store, log)):
                subprocess.run([generate, *map(str, what)], check=True, env=self.world.environment)
        finally:
            made = files.wait()
        if made:
            raise w.Failed(f"{self.mail} could not be made")
        log.unlink()
        self._index()

    def _index(self):
        """A run of the engine ends after ten minutes, whatever is left; the next goes on from there."""
        for _ in range(20):
            done = subprocess.run(self.command("engine", "--once"), check=False, stdout=subprocess.DEVNULL,
                                  stderr=subprocess.DEVNULL, env=self.world.environment)
            if done.returncode == 0:
                return
        raise w.Failed(f"the engine did not finish: exit {done.returncode}")
