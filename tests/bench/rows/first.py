# SPDX-License-Identifier: GPL-3.0-or-later
"""First login to a large mailbox: until the newest 50 can be read, against a bare FETCH of 50."""

import contextlib
import imaplib
import os
import sqlite3
import ssl
import subprocess
import time
from pathlib import Path

from lib import fill_maildir, median, w

MESSAGES = int(os.environ.get("BENCH_MESSAGES", "100000"))
NEWEST = 50


def bare_fetch(servers):
    """Connect, log in, open the folder, fetch the newest whole: what nobody can do without."""
    begun = time.perf_counter()
    context = ssl.create_default_context(cafile=str(servers.ca))
    session = imaplib.IMAP4_SSL("localhost", int(servers.port("IMAPS")), ssl_context=context)
    session.login("alice@example.test", "alice-secret")
    count = int(session.select("INBOX", readonly=True)[1][0])
    answer = session.fetch(f"{count - NEWEST + 1}:{count}", "(UID FLAGS INTERNALDATE RFC822.SIZE BODY.PEEK[])")[1]
    took = time.perf_counter() - begun
    session.logout()
    if sum(isinstance(part, tuple) for part in answer) != NEWEST:
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


def run(bench):
    world = w.World(bench.program, servers=False, desktop=False)
    try:
        servers = world.add_servers("good", ("dovecot",))
        inbox = Path(servers.env["SN_MAIL_DIR"]) / "alice" / "Maildir"
        fill_maildir(inbox, MESSAGES)
        if os.getuid() == 0:
            subprocess.run(["chown", "-R", "nobody:", str(inbox.parent)], check=True)
        bare_fetch(servers)  # the server makes its index
        ours, bare = [], []
        for i in range(5):
            profile = world.profile(f"alice-{i}", servers=servers, accounts=f"""[a]
from = alice@example.test
source = imaps://alice%40example.test@localhost:{servers.port('IMAPS')}
password-command = echo alice-secret
ca-file = {servers.ca}
folders = INBOX
""")
            bare.append(bare_fetch(servers))
            ours.append(first_look(profile, world.environment))
        bench.report(f"first login to {MESSAGES:,} messages, newest {NEWEST} readable", median(ours) / median(bare),
                     "x a bare FETCH of them, program start and store included", "<= 4")
    finally:
        world.close()
