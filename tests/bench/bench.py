# SPDX-License-Identifier: GPL-3.0-or-later
"""Speed as ratios: each figure against a peer or a limit on the same data in the same run.

    make bench                    all rows
    python3 tests/bench/bench.py BUILDDIR PROGRAM [row ...]

Prints one table; absolute times are noise and stay out of it.
"""

import os
import pty
import re
import select
import statistics
import struct
import subprocess
import sys
import termios
import time
import fcntl
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "e2e"))
import world as w  # noqa: E402

ROWS = {}


def row(function):
    ROWS[function.__name__] = function
    return function


class Terminal:
    """A pty with a program in it; knows when a text has been written to it."""

    def __init__(self, command, env, columns=120, rows=36):
        self.output = b""
        self.begun = time.perf_counter()
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.execve(command[0], command, env)
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def until(self, pattern, seconds=30):
        """Seconds since the start until the output matches."""
        end = time.perf_counter() + seconds
        while not re.search(pattern, self.output):
            ready, _, _ = select.select([self.fd], [], [], max(0, end - time.perf_counter()))
            if not ready:
                raise w.Failed(f"{pattern!r} never came; output ends {self.output[-300:]!r}")
            try:
                self.output += os.read(self.fd, 65536)
            except OSError:
                raise w.Failed(f"the program ended; output ends {self.output[-300:]!r}") from None
        return time.perf_counter() - self.begun

    def send(self, keys):
        self.output = b""
        self.begun = time.perf_counter()
        os.write(self.fd, keys)

    def drain(self, quiet=0.2):
        while select.select([self.fd], [], [], quiet)[0]:
            self.output += os.read(self.fd, 65536)

    def close(self):
        os.kill(self.pid, 15)
        end = time.monotonic() + 5
        while time.monotonic() < end:
            if os.waitpid(self.pid, os.WNOHANG)[0]:
                break
            select.select([self.fd], [], [], 0.02)
            if select.select([self.fd], [], [], 0)[0]:
                try:
                    os.read(self.fd, 65536)
                except OSError:
                    pass
        else:
            os.kill(self.pid, 9)
            os.waitpid(self.pid, 0)
        os.close(self.fd)


def first_paint(command, env, pattern):
    terminal = Terminal(command, env)
    try:
        return terminal.until(pattern)
    finally:
        terminal.close()


def median(values):
    return statistics.median(values)


class Bench:
    def __init__(self, build, program):
        self.build, self.program = Path(build), program
        self.lines = []

    def report(self, name, value, unit, goal, note=""):
        line = f"{name:<58} {value:>8.2f} {unit:<14} goal {goal:<10} {note}"
        self.lines.append(line)
        print(line, flush=True)

    def tool(self, name):
        return str(self.build / "tests" / "bench" / name)

    def filled(self, world, count):
        """A profile whose store holds `count` generated messages; no account needs a network."""
        profile = world.profile(f"bench{count}", accounts=
                                "[bench]\nfrom = Me <me@example.test>\n"
                                f"source = maildir://{world.directory}/empty\n")
        for sub in ("cur", "new", "tmp"):
            (world.directory / "empty" / sub).mkdir(parents=True, exist_ok=True)
        store = profile.directory / "data" / "sennit.db"
        store.parent.mkdir(exist_ok=True)
        subprocess.run([self.tool("generate"), str(store), str(count)], check=True,
                       env=world.environment, stdout=subprocess.DEVNULL)
        return profile


@row
def start(bench):
    """first screen with 1,000 and with 100,000 messages, against a bare list"""
    world = w.World(bench.program, servers=False, desktop=False)
    try:
        small, large = bench.filled(world, 1000), bench.filled(world, 100000)
        env = world.environment
        bare, one, two = [], [], []
        for i in range(12):
            values = (first_paint([bench.tool("bare_list")], env, rb"correspondent"),
                      first_paint(small.command(), env, rb"\d\d:\d\d|[A-Z][a-z]{2}"),
                      first_paint(large.command(), env, rb"\d\d:\d\d|[A-Z][a-z]{2}"))
            if i >= 2:
                for series, value in zip((bare, one, two), values):
                    series.append(value)
        bench.report("first screen, 1,000 messages", median(one) / median(bare), "x bare list", "<= 4")
        bench.report("first screen, 100,000 messages", median(two) / median(bare), "x bare list", "<= 4")
        bench.report("... 100,000 against 1,000", median(two) / median(one), "x", "<= 1.2")
        terminal = Terminal(large.command(), env)
        terminal.until(rb"\d\d:\d\d|[A-Z][a-z]{2}")
        terminal.drain(2)
        bench.report("memory at rest, 100,000 messages", resident(terminal.pid) / 1024, "MiB", "<= 32")
        terminal.close()
    finally:
        world.close()


def resident(pid):
    """kB of memory that the process keeps in RAM."""
    text = Path(f"/proc/{pid}/status").read_text()
    return int(re.search(r"VmRSS:\s+(\d+)", text)[1])


def fill_maildir(directory, count):
    """Deterministic plain emails, as a Maildir of Dovecot's."""
    for sub in ("cur", "new", "tmp"):
        (directory / sub).mkdir(parents=True, exist_ok=True)
    base = time.time() - count * 60
    words = "rope strand plait knot splice hitch bight fid marline cable anchor harbour".split()
    for i in range(count):
        sender = f"person{i * i % 97}@example.test"
        body = "\n".join(" ".join(words[(i * 7 + j * 5 + k * k) % 12] for k in range(12)) for j in range(40))
        text = w.mail(f"Person {i * i % 97} <{sender}>", "alice@example.test", f"{words[i % 12]} number {i}",
                      body, f"m{i}@example.test", base + i * 60)
        (directory / "cur" / f"{int(base) + i}.M{i}P1.bench:2,S").write_text(text)


@row
def sync(bench):
    """first sync of 10,000 messages over TLS, against mbsync on the same server"""
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
        bench.report("sync with nothing new", again[0] / again[1], "x mbsync", "<= 1")
    finally:
        world.close()


@row
def im(bench):
    """an IM from the peer's send to the screen, against client to client without a screen"""
    world = w.World(bench.program, servers=False, desktop=False)
    try:
        servers = world.add_servers("good", ("dovecot", "postfix", "prosody"))
        where = ["127.0.0.1", str(servers.port("XMPP")), servers.ca]
        bob = world.profile("bob", servers=servers)
        terminal = Terminal(bob.command(), world.environment)
        bob.wait_online()
        sender = subprocess.Popen([bench.tool("bare_im"), *where, "0", "send", "bob@example.test"],
                                  stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                                  env=world.environment)
        shown = []
        for i in range(40):
            terminal.drain(0.1)
            terminal.output = b""
            # no letter in common with the lines before, or curses would leave those cells alone
            word = "".join("abcdefghijklmnopqrstuvwxy"[i % 5 * 5 + (i // 5 ** n) % 5] for n in (1, 2, 3, 1, 2, 3))
            sender.stdin.write(f"{word}\n")
            sender.stdin.flush()
            begun = int(sender.stdout.readline()) / 1e6
            terminal.until(word.encode())
            shown.append(time.time() - begun)
        sender.stdin.close()
        sender.wait(10)
        terminal.close()
        done = subprocess.run([bench.tool("bare_im"), *where, "60"], capture_output=True, text=True,
                              check=True, env=world.environment)
        bare = [int(line) / 1e6 for line in done.stdout.split()][10:]
        bench.report("IM, peer's send to visible", median(shown[10:]) / median(bare), "x bare client", "<= 3")
    finally:
        world.close()


@row
def idle(bench):
    """wake-ups and processor time of an idle client with a mail and an IM account"""
    world = w.World(bench.program, servers=True, desktop=False)
    try:
        alice = world.profile("alice")
        terminal = Terminal(alice.command(), world.environment)
        alice.wait_online()
        terminal.drain(5)

        def switches():
            total = 0
            for task in Path(f"/proc/{terminal.pid}/task").iterdir():
                text = (task / "status").read_text()
                total += int(re.search(r"^voluntary_ctxt_switches:\s+(\d+)", text, re.M)[1])
            return total

        def cpu():
            fields = Path(f"/proc/{terminal.pid}/stat").read_text().rsplit(")", 1)[1].split()
            return (int(fields[11]) + int(fields[12])) * 1000 / os.sysconf("SC_CLK_TCK")

        before, cpu_before = switches(), cpu()
        terminal.drain(60)  # the measurement itself: a minute of nothing
        bench.report("idle, mail and IM account, one minute", switches() - before, "wake-ups", "<= 10")
        bench.report("idle, processor time", cpu() - cpu_before, "ms", "<= 10")
        bench.report("memory at rest, on line", resident(terminal.pid) / 1024, "MiB", "<= 32")
        terminal.close()
    finally:
        world.close()


def main():
    build, program, *only = sys.argv[1:]
    bench = Bench(build, program)
    failed = False
    for name, function in ROWS.items():
        if only and name not in only:
            continue
        print(f"-- {function.__doc__}", flush=True)
        try:
            function(bench)
        except (w.Failed, OSError, subprocess.SubprocessError) as failure:
            failed = True
            print(f"   not measured: {failure}", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
