# SPDX-License-Identifier: GPL-3.0-or-later
"""First login to a large mailbox far away: round trips until the newest 50 are readable."""

import contextlib
import os
import sqlite3
import subprocess
import time

from lib import BareImap, FarAway, filled_dovecot, imap_account, median, w

MESSAGES = int(os.environ.get("BENCH_MESSAGES", "100000"))
ROUNDS = int(os.environ.get("BENCH_ROUNDS", "5"))
NEWEST = 50
ONE_WAY = 0.1  # seconds; much longer than anything that this machine takes


def bare_fetch(servers, port):
    """Connect, log in, open the folder, fetch the newest whole: what nobody can do without."""
    begun = time.perf_counter()
    line = BareImap(servers.ca, port)
    count = line.log_in()
    octets = line.fetch(f"{count - NEWEST + 1}:{count}")
    took = time.perf_counter() - begun
    line.close()
    if octets < NEWEST * 1000:
        raise w.Failed("the bare FETCH did not bring what it should")
    return took


def readable(directory):
    """How many messages a client could show now."""
    for path in directory.rglob("*.db"):
        with contextlib.suppress(sqlite3.Error), \
                contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as store:
            return store.execute(f"SELECT count(*) FROM (SELECT 1 FROM message LIMIT {NEWEST})").fetchone()[0]
    return 0


def first_look(profile, environment):
    begun = time.perf_counter()
    engine = subprocess.Popen(profile.command("engine", "--once"), env=environment)
    try:
        while readable(profile.directory) < NEWEST:
            if engine.poll() is not None or time.perf_counter() - begun > 300:
                raise w.Failed("the newest messages did not come")
            time.sleep(0.002)
        return time.perf_counter() - begun
    finally:
        engine.terminate()
        engine.wait()


def measure(world, servers, port, name):
    ours, bare = [], []
    for i in range(ROUNDS):
        profile = world.profile(f"alice-{name}{i}", servers=servers, accounts=imap_account(servers, port))
        bare.append(bare_fetch(servers, port))
        ours.append(first_look(profile, world.environment))
    return median(ours), median(bare)


def run(bench):
    world = w.World(bench.program, servers=False, desktop=False)
    far = None
    try:
        servers = filled_dovecot(world, MESSAGES)
        far = FarAway(servers.port("IMAPS"), ONE_WAY)
        near_ours, near_bare = measure(world, servers, servers.port("IMAPS"), "near")
        far_ours, far_bare = measure(world, servers, far.port, "far")
        # what the programs themselves take is the same near and far
        more = ((far_ours - near_ours) - (far_bare - near_bare)) / (2 * ONE_WAY)
        bench.report(f"first login to {MESSAGES:,} messages, newest {NEWEST} readable", more,
                     "round trips more than a bare FETCH of them", "<= 3")
        bench.report("the same on this machine, program start and store included", near_ours / near_bare,
                     "x a bare FETCH of them", "")
    finally:
        if far:
            far.close()
        world.close()
