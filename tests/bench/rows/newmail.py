# SPDX-License-Identifier: GPL-3.0-or-later
"""A new email, from the server's notice or its delivery to the screen.

The server takes its time to tell (Dovecot waits half a second), and each connection is told in its own time.
So the time runs from the moment when the notice (EXISTS) is on its way to sennit on sennit's own line, which
goes through a relay that notes when what passes; the line is not encrypted, so that the relay can read it.
What follows, with the server's answers in it, is counted until the email is on the screen. A bare client on a
line of its own, told of the same email, has it fetched after so long: for comparison. A Maildir has no
server: there the time runs from the rename into new/.
"""

import os
import re
import socket
import threading
import time

from lib import BareImap, Terminal, median, w

ROUNDS = int(os.environ.get("BENCH_ROUNDS", "12"))
WARM = 2
PATIENCE = 30


def word(i):
    """No letter in common with the one before, or curses would leave those cells alone."""
    return "".join("abcdefghijklmnopqrstuvwxy"[i % 5 * 5 + (i // 5 ** n) % 5] for n in (1, 2, 3, 1, 2, 3))


class Relay(threading.Thread):
    """Between a program and a server: notes what passes, and when."""

    def __init__(self, port):
        super().__init__(daemon=True)
        self.target, self.heard, self.lines = port, [], 0
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.start()

    def run(self):
        while True:
            try:
                near = self.listener.accept()[0]
                far = socket.create_connection(("127.0.0.1", self.target))
            except OSError:
                return
            self.lines += 1
            for one, other, told in ((near, far, False), (far, near, True)):
                one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                threading.Thread(target=self._carry, args=(one, other, self.lines, told), daemon=True).start()

    def _carry(self, one, other, line, told):
        while True:
            try:
                some = one.recv(1 << 16)
                # compressed lines could not be read
                other.sendall(some.replace(b"COMPRESS=DEFLATE", b"XCOMPRESS=NOTHIN"))
            except OSError:
                some = b""
            self.heard.append((time.perf_counter(), line, told, some))
            if not some:
                try:
                    other.shutdown(socket.SHUT_WR)
                except OSError:
                    pass
                return

    def notice(self, begun):
        """When the server first told of an email after that moment."""
        return min((at for at, _, told, some in self.heard
                    if told and at >= begun and re.search(rb"^\* \d+ EXISTS\r", some, re.M)), default=None)

    def waited(self, begun, end):
        """How many times the program asked and waited for an answer in that time, and for how long."""
        times, seconds, asked = 0, 0.0, {}
        for at, line, told, _ in sorted(self.heard, key=lambda one: one[0]):
            if not begun <= at <= end:
                continue
            if not told:
                asked.setdefault(line, at)
            elif line in asked:
                times, seconds = times + 1, seconds + at - asked.pop(line)
        return times, seconds

    def close(self):
        self.listener.close()


class Idler(threading.Thread):
    """Told of one new email, and fetches it."""

    def __init__(self, line, messages):
        super().__init__(daemon=True)
        self.line, self.messages, self.told, self.done = line, messages, None, None
        line.line.settimeout(PATIENCE)
        line.line.sendall(b"x IDLE\r\n")
        line._until(rb"^\+ .*\r\n")
        self.start()

    def run(self):
        self.line._until(rb"^\* %d EXISTS\r\n" % self.messages)
        self.told = time.perf_counter()
        self.line.line.sendall(b"DONE\r\n")
        self.line._until(rb"^x OK.*\r\n")
        self.line.fetch(str(self.messages))
        self.done = time.perf_counter()


def account(port):
    return f"""[a]
from = alice@example.test
source = imap+insecure://alice%40example.test@localhost:{port}
password-command = echo alice-secret
folders = INBOX
"""


def on_imap(world):
    """Of each round: seconds from the notice to the screen, times and seconds of waiting for the server, and
    what a bare client needed."""
    servers = world.add_servers("good", ("dovecot",))
    relay = Relay(servers.port("IMAP"))
    profile = world.profile("alice", servers=servers, accounts=account(relay.port))
    line = BareImap(servers.ca, servers.port("IMAPS"))
    messages = line.log_in()
    terminal = Terminal(profile.command(), world.environment)
    rounds = []
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
            shown = begun + terminal.until(re.escape(word(i).encode()), PATIENCE)
            idler.join(PATIENCE)
            notice = relay.notice(begun)
            if idler.done is None or notice is None:
                raise w.Failed("nobody was told of the email")
            if i >= WARM:
                rounds.append((shown - notice, *relay.waited(notice, shown), idler.done - idler.told))
    finally:
        terminal.close()
        line.close()
        relay.close()
    return rounds


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
        ours, times, waited, bare = (list(figures) for figures in zip(*on_imap(world)))
        bench.report("new email on IMAP, the server's notice to visible", median(ours) * 1000, "ms", "<= 20")
        bench.report("... the server's answers in it", median(waited) * 1000, "ms", "")
        bench.report("... so many", median(times), "round trips", "")
        bench.report("... a bare client, told to fetched", median(bare) * 1000, "ms", "")
        bench.report("new email in a Maildir, rename to visible", median(in_maildir(world)) * 1000, "ms", "<= 20")
    finally:
        world.close()
