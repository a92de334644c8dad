# SPDX-License-Identifier: GPL-3.0-or-later
"""What a year of heavy use makes of a store: against one made anew of what is left, and other programs'.

It begins with BENCH_MESSAGES emails, 5,000 unless it is set. Each month a twelfth as many come in, and
IMs beside them; most are read, some flagged, and half as many old ones deleted. A month passes by
setting back the times at which deleted emails were lost.
"""

import os
import random
import shutil
import sqlite3
import subprocess

from lib import disk, w

MESSAGES = int(os.environ.get("BENCH_MESSAGES", "5000"))
MONTHS = 12
MONTH = 30 * 86400
START = 1767225600 - MONTHS * MONTH
PURGES = 200  # runs at most: each takes away a hundred


class Year:
    def __init__(self, bench, world):
        self.bench, self.world, self.random = bench, world, random.Random(1)
        self.mail, self.logs = world.directory / "Mail", []
        self.profile = self.new_profile("year")
        self.store = self.profile.directory / "data" / "sennit.db"

    def new_profile(self, name):
        return self.world.profile(name, accounts="[bench]\nfrom = Me <me@example.test>\n"
                                                 f"source = maildir://{self.mail}\n")

    def generate(self, *words):
        subprocess.run([self.bench.tool("generate"), *map(str, words)], check=True,
                       env=self.world.environment)

    def sync(self, profile=None):
        subprocess.run((profile or self.profile).command("engine", "--once"), check=True,
                       env=self.world.environment, stdout=subprocess.DEVNULL)

    def names(self):
        return sorted(os.listdir(self.mail / "cur"))

    def begin(self):
        self.generate("maildir", self.mail, MESSAGES, 1, START)
        self.sync()

    def arrive(self, month):
        more, log = self.world.directory / "more", self.world.directory / f"log{month}"
        self.generate("maildir", more, MESSAGES // 12, 100 + month, START + (month + 1) * MONTH)
        for path in (more / "cur").iterdir():
            shutil.move(path, self.mail / "cur")
        self.generate("log", log, MESSAGES // 28 + 1, 200 + month, START + (month + 1) * MONTH)
        self.generate("talk", self.store, log)
        self.logs.append(log)

    def read_and_delete(self):
        names = self.names()
        for name in self.random.sample(names[:len(names) // 2], MESSAGES // 24):
            (self.mail / "cur" / name).unlink()
        for name in self.names():
            base, flags = name.rsplit(",", 1)
            now = "F" * (self.random.random() < 0.05 or "F" in flags) + "S"
            if now != flags and self.random.random() < 0.8:
                (self.mail / "cur" / name).rename(self.mail / "cur" / f"{base},{now}")

    def forget(self):
        """What was lost goes a week later, a hundred at a time."""
        for _ in range(PURGES):
            with sqlite3.connect(self.store) as db:
                lost = db.execute("UPDATE message SET lost = lost - 8 * 86400000 "
                                  "WHERE lost IS NOT NULL").rowcount
            db.close()
            if not lost:
                return
            # only what has news is written
            name = self.names()[0]
            base, flags = name.rsplit(",", 1)
            (self.mail / "cur" / name).rename(
                self.mail / "cur" / f"{base},{'S' if 'F' in flags else 'FS'}")
            self.sync()
        raise w.Failed("what was deleted does not go")

    def pass_by(self):
        self.begin()
        for month in range(MONTHS):
            self.arrive(month)
            self.sync()
            self.read_and_delete()
            self.sync()
            self.forget()

    def anew(self):
        """The same messages in a store that saw nothing of all that."""
        fresh = self.new_profile("anew")
        self.sync(fresh)
        for log in self.logs:
            self.generate("talk", fresh.directory / "data" / "sennit.db", log)
        return fresh.directory / "data"

    def packed(self):
        """As small as SQLite can make it."""
        copy = self.world.directory / "copy.db"
        with sqlite3.connect(self.store) as db:
            db.execute("VACUUM INTO ?", (str(copy),))
        db.close()
        return copy.stat().st_size

    def count(self):
        with sqlite3.connect(self.store) as db:
            (count,) = db.execute("SELECT count(*) FROM message").fetchone()
        db.close()
        return count


def run(bench):
    world = w.World(bench.program, servers=False, desktop=False)
    try:
        year = Year(bench, world)
        year.pass_by()
        count, size = year.count(), disk(year.store.parent)
        (world.directory / "notmuch-config").write_text(
            f"[database]\npath={year.mail}\n[user]\nname=Me\nprimary_email=me@example.test\n", encoding="utf-8")
        subprocess.run(["notmuch", "new", "--quiet"], check=True, stdout=subprocess.DEVNULL,
                       env={**world.environment, "NOTMUCH_CONFIG": str(world.directory / "notmuch-config")})
        name = f"a year with {MESSAGES:,} messages at first, {count:,} at last"
        bench.report(name, size / count / 1024, "KiB each", "<= 5.24")
        bench.report("... its store", size / disk(year.anew()), "x made anew", "<= 1.25")
        bench.report("... vacuumed", year.packed() / size, "x as it is", "")
        bench.report("... its store", size / disk(year.mail / ".notmuch"), "x notmuch", "<= 1")
        bench.report("... its store", size / disk(year.mail, "cur/*"), "x mbsync's files", "<= 1")
    finally:
        world.close()
