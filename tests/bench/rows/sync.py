# SPDX-License-Identifier: GPL-3.0-or-later
"""First sync over TLS, text searchable, and one with nothing new: against a raw FETCH and mbsync.

Besides, what a bare index of the same messages takes in one thread (tests/bench/bare_index.c), of the files
that mbsync wrote: a sync that makes them searchable has to do that work as well.
"""

import os
import time

from lib import BareImap, disk, filled_dovecot, imap_account, median, timed, w

MESSAGES = int(os.environ.get("BENCH_MESSAGES", "10000"))
ROUNDS = int(os.environ.get("BENCH_ROUNDS", "4"))


def raw_fetch(servers):
    """Everything in one command, thrown away."""
    begun = time.perf_counter()
    line = BareImap(servers.ca, servers.port("IMAPS"))
    line.log_in()
    octets = line.fetch("1:*")
    line.close()
    if octets < MESSAGES * 1000:
        raise w.Failed("the raw FETCH did not bring what it should")
    return time.perf_counter() - begun


def mbsync(world, servers, name):
    target = world.directory / name
    target.mkdir()
    rc = world.directory / f"{name}.rc"
    rc.write_text(f"""IMAPStore far
Host localhost
Port {servers.port('IMAPS')}
User alice@example.test
Pass alice-secret
SSLType IMAPS
CertificateFile {servers.ca}

MaildirStore near
Path {target}/
Inbox {target}/INBOX

Channel all
Far :far:
Near :near:
Patterns INBOX
Create Near
SyncState *
""")
    return ["mbsync", "-q", "-c", str(rc), "all"]


def bare_index(bench, world, name):
    """Of what mbsync brought, seen or not."""
    inbox = world.directory / name / "INBOX"
    for path in (inbox / "new").iterdir():
        path.rename(inbox / "cur" / path.name)
    return timed([bench.tool("bare_index"), str(inbox), str(world.directory / f"{name}.db")], world.environment)


def run(bench):
    world = w.World(bench.program, servers=False, desktop=False)
    try:
        servers = filled_dovecot(world, MESSAGES)
        ours, theirs, raw, index, again, their_again = [], [], [], [], [], []
        for i in range(ROUNDS):
            profile = world.profile(f"alice-{i}", servers=servers, accounts=imap_account(servers))
            engine, other = profile.command("engine", "--once"), mbsync(world, servers, f"mbsync{i}")
            raw.append(raw_fetch(servers))
            ours.append(timed(engine, world.environment))
            theirs.append(timed(other, world.environment))
            if i == 0 and not profile.json("search", f"number {MESSAGES - 1}"):
                raise w.Failed("the last message is not found after the sync")
            again.append(timed(engine, world.environment))
            their_again.append(timed(other, world.environment))
            index.append(bare_index(bench, world, f"mbsync{i}"))
        bench.report(f"first sync of {MESSAGES:,}, searchable", median(raw) / median(ours),
                     "of a raw FETCH", ">= 0.6")
        bench.report("a bare index of them alone", median(index) / median(raw), "x a raw FETCH", "")
        bench.report("first sync", median(ours) / (median(index) + median(raw)),
                     "x a raw FETCH and then a bare index", "")
        bench.report("the same", median(ours) / median(theirs), "x mbsync", "<= 1")
        bench.report("disk after it, all bytes and the index", disk(profile.directory / "data") /
                     disk(world.directory / f"mbsync{ROUNDS - 1}"), "x mbsync", "<= 1")
        bench.report("sync with nothing new", median(again) / median(their_again), "x mbsync", "<= 0.5")
    finally:
        world.close()
