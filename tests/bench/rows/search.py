# SPDX-License-Identifier: GPL-3.0-or-later
"""Search from the command line, against notmuch on the same Maildir.

Twice: with BENCH_MESSAGES messages (20,000 unless it is set), and with 100,000 where BENCH_STORES names
the directory in which stores are kept from one run to the next. There the Maildir, notmuch's index of it
and ours stay; to make them takes notmuch some twenty minutes, and goes on at the next run when it is
stopped. With few messages a search is the start of a program and little else; the goals were set for
100,000.
"""

import os
import shutil
import subprocess
from pathlib import Path

from lib import Maildir, median, timed, w

ROUNDS = 15
MANY = 100000
SENDER = "from:person0@mail.test"


class Kept(w.Profile):
    """A profile whose store, and the Maildir that it is of, stay for the next run."""

    def __init__(self, bench, world, top):
        self.world, self.name, self.engines = world, "kept", []
        self.directory, mail, mark = top / "profile", top / "Mail", top / "made"
        if not mark.exists():
            shutil.rmtree(top, ignore_errors=True)
            self.directory.mkdir(parents=True, mode=0o700)
            subprocess.run([bench.tool("generate"), "maildir", str(mail), str(MANY)], check=True,
                           env=world.environment)
            mark.touch()
        self.mail = Maildir(bench, world, mail)
        self.write("accounts.conf", f"[bench]\nfrom = Me <me@example.test>\nsource = maildir://{mail}\n")
        self.write("sennit.conf", world.settings)


def run(bench):
    world = w.World(bench.program, servers=False, desktop=False)
    try:
        mail = Maildir(bench, world, os.environ.get("BENCH_MAILDIR"))
        compare(bench, world, mail, mail.profile("search"))
        stores = os.environ.get("BENCH_STORES")
        if stores:
            kept = Kept(bench, world, Path(stores) / f"search{MANY}")
            compare(bench, world, kept.mail, kept)
    finally:
        world.close()


def compare(bench, world, mail, profile):
    env = mail.notmuch_environment()
    timed(profile.command("engine", "--once"), world.environment)
    timed(["notmuch", "new"], env)
    rare = rare_word(mail)
    for name, ours, theirs, goal in (
            ("a rare word, first 50", ["search", "--limit", "50", rare], ["search", "--limit=50", rare],
             "<= 0.4"),
            ("a common word, first 50", ["search", "--limit", "50", "lo"], ["search", "--limit=50", "lo"],
             "<= 0.3"),
            ("everything from one sender", ["search", "--limit", "0", SENDER], ["search", SENDER],
             "<= 0.1")):
        a, b = [], []
        for _ in range(ROUNDS):
            a.append(timed(profile.command(*ours), world.environment))
            b.append(timed(["notmuch", *theirs], env))
        bench.report(f"search, {mail.count:,} messages: {name}", median(a) / median(b), "x notmuch", goal)


def rare_word(mail):
    """A word of the oldest message that few others have: the longest one."""
    oldest = min((mail.path / "cur").iterdir())
    words = oldest.read_text(encoding="utf-8").split("\n\n", 1)[1].split()
    return max((word for word in words if word.isascii() and word.isalpha()), key=len)
