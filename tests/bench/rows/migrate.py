# SPDX-License-Identifier: GPL-3.0-or-later
"""A store of format 1 brought to the newest, against VACUUM INTO; memory; Ctrl-C to the prompt.

The limit is SQLite that writes all rows of the same store anew, into a file that is flushed; a plain
copy of the file, flushed too, stands beside it. Nobody has set a goal for either. The number of
messages is BENCH_MESSAGES, 20,000 unless it is set; four fifths of them are emails in one folder.
"""

import os
import shutil
import signal
import sqlite3
import subprocess
import time
from pathlib import Path

from lib import median, w

SCHEMA = Path(__file__).resolve().parents[2] / "schema" / "1.sql"
OTHER_NAME = {"verified": "secure"}


def columns(store, schema, table):
    return [row[1] for row in store.execute(f"PRAGMA {schema}.table_xinfo('{table}')") if row[6] == 0]


def make_old(new, old):
    """What format 1 would have of the same messages."""
    schema = SCHEMA.read_text(encoding="utf-8")
    triggers = schema.index("CREATE TRIGGER")
    store = sqlite3.connect(old, isolation_level=None)
    store.executescript("PRAGMA page_size = 4096; PRAGMA journal_mode = WAL; " + schema[:triggers])
    store.execute("ATTACH ? AS new", (str(new),))
    store.execute("BEGIN")
    tables = [row[0] for row in store.execute(
        "SELECT name FROM main.sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' "
        "AND name <> 'search'")]
    for table in tables:
        mine, theirs = columns(store, "main", table), columns(store, "new", table)
        if not theirs:
            continue
        store.execute(f"DELETE FROM main.{table}")
        store.execute(f"INSERT INTO main.{table} ({', '.join(mine)}) SELECT "
                      f"{', '.join(OTHER_NAME.get(name, name) for name in mine)} FROM new.{table}")
    store.execute("INSERT INTO link (address, person, source, state, evidence, first_seen) "
                  "SELECT id, person, 1, 1, 'people.vcf', 1 FROM address")
    store.execute("INSERT OR IGNORE INTO folder (account, name, role) SELECT min(id), 'INBOX', 'inbox' FROM account")
    store.execute("INSERT OR IGNORE INTO location (folder, uid, message, flags) SELECT "
                  "(SELECT max(id) FROM folder), id, id, flags FROM message WHERE channel = 0")
    store.execute("PRAGMA user_version = 1")
    store.execute("COMMIT")
    store.execute("DETACH new")
    store.executescript(schema[triggers:] + "; PRAGMA wal_checkpoint(TRUNCATE)")
    store.close()


def copied(old, to):
    """Seconds that a flushed copy takes."""
    begun = time.perf_counter()
    shutil.copyfile(old, to)
    with open(to, "rb") as file:
        os.fsync(file.fileno())
    return time.perf_counter() - begun


def rewritten(old, to):
    """Seconds that SQLite takes to write all of it anew."""
    to.unlink(missing_ok=True)
    store = sqlite3.connect(old, isolation_level=None)
    begun = time.perf_counter()
    store.execute("VACUUM INTO ?", (str(to),))
    store.close()
    with open(to, "rb") as file:
        os.fsync(file.fileno())
    return time.perf_counter() - begun


def run_list(profile):
    """Seconds and kB of memory that a verb takes, with all that comes before it."""
    begun = time.perf_counter()
    process = subprocess.Popen(profile.command("list", "--limit", "1"), env=profile.world.environment,
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise w.Failed(f"sennit list ended with {process.returncode}")
    return time.perf_counter() - begun, usage.ru_maxrss


def interrupted(profile, after):
    """Seconds from SIGINT to the end of the program; NULL when it was done before."""
    process = subprocess.Popen(profile.command("list", "--limit", "1"), env=profile.world.environment,
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        process.wait(timeout=after)
        return None
    except subprocess.TimeoutExpired:
        begun = time.perf_counter()
        process.send_signal(signal.SIGINT)
        process.wait(timeout=30)
        return time.perf_counter() - begun


def run(bench):
    world = w.World(bench.program, servers=False, desktop=False)
    try:
        count = int(os.environ.get("BENCH_MESSAGES", "20000"))
        profile = bench.filled(world, count)
        store = profile.directory / "data" / "sennit.db"
        old, copy = world.directory / "old.db", world.directory / "copy.db"
        make_old(store, old)
        measure(bench, profile, store, old, copy, count)
    finally:
        world.close()


def measure(bench, profile, store, old, copy, count):
    bare, vacuum, ours, idle, memory, stops = [], [], [], [], [], []
    for _ in range(5):
        bare.append(copied(old, copy))
        vacuum.append(rewritten(old, copy))
        copied(old, store)
        took, kilobytes = run_list(profile)
        ours.append(took)
        memory.append(kilobytes)
        idle.append(run_list(profile)[0])
    for part in (0.2, 0.4, 0.6, 0.8):
        copied(old, store)
        stop = interrupted(profile, median(ours) * part)
        if stop is not None:
            stops.append(stop)
        run_list(profile)  # goes on to the end, or fails
    name = f"{count:,} messages"
    net = median(ours) - median(idle)
    bench.report(f"migration of {name}, 1 to the newest format", net / median(vacuum), "x VACUUM INTO", "")
    bench.report("... the same", net / median(bare), "x a flushed copy", "")
    bench.report("... memory while it runs, at most", max(memory) / 1024, "MiB", "<= 48")
    if stops:
        bench.report("... Ctrl-C to the prompt, the slowest", max(stops) / median(ours), "of the migration",
                     "<= 0.5")
