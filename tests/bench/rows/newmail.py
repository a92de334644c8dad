# SPDX-License-Identifier: GPL-3.0-or-later
"""A new email, from its delivery to the screen: against a bare IDLE client on the same delivery.

The server takes its time to tell (Dovecot waits half a second), so the goal is so many milliseconds after
what the bare client needs to be told and to fetch the email; each connection is told in its own time, so
ours may be sooner. A Maildir has no server: there the time
runs from the rename into new/.
"""

import os
import re
import threading
import time

from lib import BareImap, Terminal, imap_account, median, w

ROUNDS = int(os.environ.get("BENCH_ROUNDS", "12"))
WARM = 2
PATIENCE = 30


def word(i):
    """No letter in common with the one before, or curses would leave those cells alone."""
    return "".join("abcdefghijklmnopqrstuvwxy"[i % 5 * 5 + (i // 5 ** n) % 5] for n in (1, 2, 3, 1, 2, 3))


class Idler(threading.Thread):
    """Told of one new email, and fetches it."""

    def __init__(self, line, messages):
        super().__init__(daemon=True)
        self.line, self.messages, self.done = line, messages, None
        line.line.settimeout(PATIENCE)
        line.line.sendall(b"x IDLE\r\n")
        line._until(rb"^\+ .*\r\n")
        self.start()

    def run(self):
        self.line._until(rb"^\* %d EXISTS\r\n" % self.messages)
        self.line.line.sendall(b"DONE\r\n")
        self.line._until(rb"^x OK.*\r\n")
        self.line.fetch(str(self.messages))
        self.done = time.perf_counter()


def on_imap(world):
    servers = world.add_servers("good", ("dovecot",))
    profile = world.profile("alice", servers=servers, accounts=imap_account(servers))
    line = BareImap(servers.ca, servers.port("IMAPS"))
    messages = line.log_in()
    terminal = Terminal(profile.command(), world.environment)
    bare, ours = [], []
    try:
        profile.wait_online(ends=("source",))
        terminal.drain(1)
        for i in range(ROUNDS + WARM):
            messages += 1
            idler = Idler(line, messages)
            time.sleep(0.1)
            terminal.drain(0.1)
            terminal.output = b""
            terminal.begun = begun = time.perf_counter()
            servers.deliver("alice", w.mail("Bob <bob@example.test>", "alice@example.test", word(i), "It came.",
                                            f"new-{i}@example.test", time.time()))
            shown = terminal.until(re.escape(word(i).encode()), PATIENCE)
            idler.join(PATIENCE)
            if idler.done is None:
                raise w.Failed("the bare client was not told of the email")
            if i >= WARM:
                ours.append(shown)
                bare.append(idler.done - begun)
    finally:
        terminal.close()
        line.close()
    return bare, ours


def in_maildir(world):
    directory = world.directory / "Mail"
    for sub in ("cur", "new", "tmp"):
        (directory / sub).mkdir(parents=True)
    profile = world.profile("me", accounts=f"[m]\nfrom = Me <me@example.test>\nsource = maildir://{directory}\n")
    terminal = Terminal(profile.command(), world.environment)
    ours = []
    try:
        profile.wait_online(ends=("source",))
        terminal.drain(1)
        for i in range(ROUNDS + WARM):
            terminal.drain(0.2)
            path = directory / "tmp" / f"{int(time.time())}.N{i}.bench"
            path.write_text(w.mail("Bob <bob@example.test>", "me@example.test", word(i), "It came.",
                                   f"new-{i}@example.test", time.time()))
            terminal.output = b""
            terminal.begun = time.perf_counter()
            path.rename(directory / "new" / path.name)
            shown = terminal.until(re.escape(word(i).encode()), PATIENCE)
            if i >= WARM:
                ours.append(shown)
    finally:
        terminal.close()
    return ours


def run(bench):
    world = w.World(bench.program, servers=False, desktop=False)
    try:
        bare, ours = on_imap(world)
        after = median([a - b for a, b in zip(ours, bare)])
        bench.report("new email, after a bare client has it", after * 1000, "ms", "<= 20")
        bench.report("... delivered to visible", median(ours) / median(bare), "x bare client's notice and FETCH", "")
        bench.report("new email in a Maildir, rename to visible", median(in_maildir(world)) * 1000, "ms", "<= 20")
    finally:
        world.close()
