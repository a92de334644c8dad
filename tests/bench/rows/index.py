# SPDX-License-Identifier: GPL-3.0-or-later
"""The first index of a Maildir, nothing new and 100 new in it, against a bare index and notmuch.

The bare index is GMime and SQLite's FTS5 in one thread (tests/bench/bare_index.c). The number of
messages is BENCH_MESSAGES, 20,000 unless it is set.
"""

import shutil
import subprocess

from lib import Maildir, disk, median, timed, w


def run(bench):
    world = w.World(bench.program, servers=False, desktop=False)
    try:
        mail = Maildir(bench, world)
        profile, env = mail.profile("index"), mail.notmuch_environment()
        database = world.directory / "bare.db"
        bare = timed([bench.tool("bare_index"), str(mail.path), str(database)], world.environment)
        ours = timed(profile.command("engine", "--once"), world.environment)
        theirs = timed(["notmuch", "new"], env)
        name = f"{mail.count:,} messages"
        bench.report(f"first index, {name}", bare / ours, "of bare index", ">= 0.8")
        bench.report(f"first index, {name}", theirs / ours, "x notmuch", ">= 10")
        store = profile.directory / "data"
        bench.report(f"disk, {name}", disk(store) / disk(world.directory, "bare.db*"), "x bare index",
                     "<= 1")
        bench.report(f"disk, {name}", disk(store) / disk(mail.path / ".notmuch"), "x notmuch", "<= 1")
        bench.report("disk, a message", disk(store) / mail.count / 1024, "KiB", "")
        report_again(bench, mail, profile, env)
    finally:
        world.close()


def report_again(bench, mail, profile, env):
    ours, theirs = [], []
    for _ in range(9):
        ours.append(timed(profile.command("engine", "--once"), profile.world.environment))
        theirs.append(timed(["notmuch", "new"], env))
    # the first after something was written looks at everything, the others see that nothing is new
    bench.report("nothing new, the first time", ours[0] / theirs[0], "x notmuch", "")
    bench.report("nothing new", median(ours) / median(theirs), "x notmuch", "<= 1")
    more = mail.path.parent / "more"
    subprocess.run([bench.tool("generate"), "maildir", str(more), "100", "7"], check=True,
                   env=profile.world.environment)
    for path in (more / "cur").iterdir():
        shutil.move(path, mail.path / "cur")
    ours = timed(profile.command("engine", "--once"), profile.world.environment)
    theirs = timed(["notmuch", "new"], env)
    bench.report("100 new messages", ours / theirs, "x notmuch", "<= 0.2")
