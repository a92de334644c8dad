# SPDX-License-Identifier: GPL-3.0-or-later
"""Search from the command line, against notmuch on the same Maildir.

The number of messages is BENCH_MESSAGES, 20,000 unless it is set. With 100,000 most of the time goes
into notmuch's first index; BENCH_MAILDIR names a Maildir of the generator's that has one already.
"""

import os

from lib import Maildir, median, timed, w

ROUNDS = 7


def run(bench):
    world = w.World(bench.program, servers=False, desktop=False)
    try:
        mail = Maildir(bench, world, os.environ.get("BENCH_MAILDIR"))
        profile, env = mail.profile("search"), mail.notmuch_environment()
        timed(profile.command("engine", "--once"), world.environment)
        timed(["notmuch", "new"], env)
        rare = rare_word(mail)
        for name, ours, theirs, goal in (
                ("a rare word", ["search", rare], ["search", "--limit=50", rare], "<= 0.4"),
                ("a common word, first 50", ["search", "--limit", "50", "lo"],
                 ["search", "--limit=50", "lo"], "<= 0.3"),
                ("everything from one sender", ["search", "--limit", "100000", "from:person0@mail.test"],
                 ["search", "from:person0@mail.test"], "<= 0.1")):
            a, b = [], []
            for _ in range(ROUNDS):
                a.append(timed(profile.command(*ours), world.environment))
                b.append(timed(["notmuch", *theirs], env))
            bench.report(f"search, {mail.count:,} messages: {name}", median(a) / median(b), "x notmuch", goal)
    finally:
        world.close()


def rare_word(mail):
    """A word of the oldest message that few others have: the longest one."""
    oldest = min((mail.path / "cur").iterdir())
    words = oldest.read_text(encoding="utf-8").split("\n\n", 1)[1].split()
    return max((word for word in words if word.isascii() and word.isalpha()), key=len)
