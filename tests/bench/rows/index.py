# SPDX-License-Identifier: GPL-3.0-or-later
"""The first index of a Maildir, nothing new and 100 new in it, against a bare index and notmuch.

The bare index is GMime and SQLite's FTS5 in one thread (tests/bench/bare_index.c). The number of
messages is BENCH_MESSAGES, 20,000 unless it is set. What is new is measured at 100,000 messages too when
the directory BENCH_STORES holds them: make them with "generate maildir $BENCH_STORES/maildir100000/Mail
100000". The first run then has both read all of it, which takes notmuch some ten minutes; they keep it.
"""

import os
import shutil
import subprocess
from pathlib import Path

from lib import Maildir, disk, median, timed, w

ROUNDS = 7
LARGE = 100000


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
    report_new(bench, mail, profile, env, f"100 new messages in {mail.count:,}")
    large = Path(os.environ.get("BENCH_STORES", "/nonexistent")) / f"maildir{LARGE}"
    if (large / "Mail" / "cur").is_dir():
        report_large(bench, profile.world, large)


def report_new(bench, mail, profile, env, name):
    """A hundred new ones, again and again, each time read by both; in the end they go."""
    command = profile.command("engine", "--once")
    more = mail.path.parent / "more"
    ours, theirs, added = [], [], []
    for i in range(ROUNDS):
        # other times, so that no name comes again
        subprocess.run([bench.tool("generate"), "maildir", str(more), "100", str(7 + i), str(1767225600 + i)],
                       check=True, env=profile.world.environment)
        for path in (more / "cur").iterdir():
            added.append(Path(shutil.move(path, mail.path / "cur")))
        for programs in ((ours, command, profile.world.environment), (theirs, ["notmuch", "new"], env))[::1 - i % 2 * 2]:
            programs[0].append(timed(*programs[1:]))
    bench.report(name, median(ours) / median(theirs), "x notmuch", "<= 0.2")
    for path in added:
        path.unlink()
    shutil.rmtree(more)
    timed(command, profile.world.environment)
    timed(["notmuch", "new"], env)


class Kept(w.Profile):
    """The profile beside a Maildir that is kept from run to run."""

    def __init__(self, world, mail, directory):
        self.world, self.name, self.engines, self.directory = world, "kept", [], directory
        directory.mkdir(mode=0o700, exist_ok=True)
        self.write("accounts.conf", f"[bench]\nfrom = Me <me@example.test>\nsource = maildir://{mail}\n")
        self.write("sennit.conf", world.settings)


def report_large(bench, world, directory):
    mail = Maildir(bench, world, directory / "Mail")
    profile, env = Kept(world, mail.path, directory / "profile"), mail.notmuch_environment()
    for _ in range(20):  # a run ends after ten minutes, whatever is left
        if subprocess.run(profile.command("engine", "--once"), check=False, stdout=subprocess.DEVNULL,
                          stderr=subprocess.DEVNULL, env=world.environment).returncode == 0:
            break
    else:
        raise w.Failed(f"{directory} could not be read")
    timed(["notmuch", "new"], env)
    report_new(bench, mail, profile, env, f"100 new messages in {LARGE:,}")
