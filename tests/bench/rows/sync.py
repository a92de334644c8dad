# SPDX-License-Identifier: GPL-3.0-or-later
"""First sync of 10,000 messages over TLS, against mbsync on the same server."""

import os
import subprocess
import time
from pathlib import Path

from lib import fill_maildir, median, w


def run(bench):
    world = w.World(bench.program, servers=False, desktop=False)
    try:
        servers = world.add_servers("good", ("dovecot",))
        inbox = Path(servers.env["SN_MAIL_DIR"]) / "alice" / "Maildir"
        fill_maildir(inbox, 10000)
        if os.getuid() == 0:
            subprocess.run(["chown", "-R", "nobody:", str(inbox.parent)], check=True)
        ours, theirs = [], []
        for i in range(4):
            profile = world.profile(f"alice-{i}", servers=servers, accounts=f"""[a]
from = alice@example.test
source = imaps://alice%40example.test@localhost:{servers.port('IMAPS')}
password-command = echo alice-secret
ca-file = {servers.ca}
folders = INBOX
""")
            begun = time.perf_counter()
            profile.run("engine", "--once", seconds=300)
            ours.append(time.perf_counter() - begun)
            if i == 0:
                found = len(profile.json("search", "number 9999"))
                if not found:
                    raise w.Failed("the last message is not found after the sync")
            target = world.directory / f"mbsync{i}"
            target.mkdir()
            rc = world.directory / f"mbsyncrc{i}"
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
            begun = time.perf_counter()
            subprocess.run(["mbsync", "-q", "-c", str(rc), "all"], check=True, env=world.environment)
            theirs.append(time.perf_counter() - begun)
            if i == 0:
                again = []
                for command in (profile.command("engine", "--once"), ["mbsync", "-q", "-c", str(rc), "all"]):
                    begun = time.perf_counter()
                    subprocess.run(command, check=True, env=world.environment, stdout=subprocess.DEVNULL)
                    again.append(time.perf_counter() - begun)
        bench.report("first sync of 10,000, searchable", median(ours[1:]) / median(theirs[1:]), "x mbsync", "<= 1")
        bench.report("sync with nothing new", again[0] / again[1], "x mbsync", "<= 0.5")
    finally:
        world.close()
