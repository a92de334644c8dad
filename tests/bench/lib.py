# SPDX-License-Identifier: GPL-3.0-or-later
"""What the rows share: a terminal that is timed, generated data, the table of figures."""

import fcntl
import os
import pty
import queue
import re
import select
import socket
import ssl
import statistics
import struct
import subprocess
import sys
import termios
import threading
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "e2e"))
import world as w  # noqa: E402


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

    def press(self, keys, settle=0.02, patience=5):
        """Seconds from a key to what it changes on the screen first, and to the last of it."""
        self.drain(0.01)
        begun = time.perf_counter()
        os.write(self.fd, keys)
        seen = []
        while select.select([self.fd], [], [], settle if seen else patience)[0]:
            if not os.read(self.fd, 65536):
                break
            seen.append(time.perf_counter() - begun)
        return (seen[0], seen[-1]) if seen else None

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


class BareImap:
    """IMAP that only throws away what comes: no program can be done sooner."""

    def __init__(self, ca, port):
        context = ssl.create_default_context(cafile=str(ca))
        line = socket.create_connection(("localhost", port))
        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.line, self.received, self.rest = context.wrap_socket(line, server_hostname="localhost"), 0, b""
        self._until(rb"^\* OK.*\r\n")

    def _until(self, pattern):
        """The end of what came until it matches; literals are large, so only the end is looked at."""
        while not re.search(pattern, self.rest, re.M):
            some = self.line.recv(1 << 18)
            if not some:
                raise w.Failed("the server hung up")
            self.received += len(some)
            self.rest = self.rest[-4096:] + some
        text, self.rest = self.rest, b""
        return text

    def say(self, command):
        self.line.sendall(b"x " + command.encode() + b"\r\n")
        text = self._until(rb"^x (OK|NO|BAD).*\r\n")
        if b"\nx OK" not in b"\n" + text:
            raise w.Failed(f"{command}: {text[-200:]!r}")
        return text

    def log_in(self):
        self.say("LOGIN alice@example.test alice-secret")
        return int(re.search(rb"\* (\d+) EXISTS", self.say("SELECT INBOX"))[1])

    def fetch(self, messages):
        """Whole, in one command; how many octets came."""
        before = self.received
        self.say(f"FETCH {messages} (UID FLAGS INTERNALDATE RFC822.SIZE BODY.PEEK[])")
        return self.received - before

    def close(self):
        self.line.close()


class FarAway(threading.Thread):
    """A relay to a port on this machine that holds back what passes, as a long line does."""

    def __init__(self, port, seconds):
        super().__init__(daemon=True)
        self.target, self.delay = port, seconds
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
            for line in (near, far):
                line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for one, other in ((near, far), (far, near)):
                threading.Thread(target=self._carry, args=(one, other), daemon=True).start()

    def _carry(self, one, other):
        under_way = queue.SimpleQueue()
        threading.Thread(target=self._deliver, args=(under_way, other), daemon=True).start()
        while True:
            try:
                some = one.recv(1 << 16)
            except OSError:
                some = b""
            under_way.put((time.monotonic() + self.delay, some))
            if not some:
                return

    @staticmethod
    def _deliver(under_way, other):
        while True:
            due, some = under_way.get()
            time.sleep(max(0, due - time.monotonic()))
            try:
                if not some:
                    other.shutdown(socket.SHUT_WR)
                    return
                other.sendall(some)
            except OSError:
                return

    def close(self):
        self.listener.close()


def imap_account(servers, port=None, folders="INBOX"):
    return f"""[a]
from = alice@example.test
source = imaps://alice%40example.test@localhost:{port or servers.port('IMAPS')}
password-command = echo alice-secret
ca-file = {servers.ca}
folders = {folders}
"""


def filled_dovecot(world, count):
    """A Dovecot whose user alice has so many emails; its index is made."""
    servers = world.add_servers("good", ("dovecot",))
    inbox = Path(servers.env["SN_MAIL_DIR"]) / "alice" / "Maildir"
    fill_maildir(inbox, count)
    if os.getuid() == 0:
        subprocess.run(["chown", "-R", "nobody:", str(inbox.parent)], check=True)
    line = BareImap(servers.ca, servers.port("IMAPS"))
    if line.log_in() != count:
        raise w.Failed("the server does not have all emails")
    line.fetch("1:*")
    line.close()
    return servers


def timed(command, env):
    """Seconds that a command takes; it must succeed."""
    begun = time.perf_counter()
    subprocess.run(command, check=True, env=env, stdout=subprocess.DEVNULL)
    return time.perf_counter() - begun


def disk(directory, pattern="**/*"):
    """Bytes on disk of what matches."""
    return sum(path.stat().st_blocks * 512 for path in directory.glob(pattern) if path.is_file())


class Maildir:
    """Generated emails that sennit and notmuch read alike."""

    def __init__(self, bench, world, existing=None):
        self.world, self.count = world, int(os.environ.get("BENCH_MESSAGES", "20000"))
        self.path = Path(existing) if existing else world.directory / "Mail"
        if existing:
            self.count = sum(1 for _ in (self.path / "cur").iterdir())
            return
        subprocess.run([bench.tool("generate"), "maildir", str(self.path), str(self.count)], check=True,
                       env=world.environment)

    def profile(self, name):
        return self.world.profile(name, accounts="[bench]\nfrom = Me <me@example.test>\n"
                                                 f"source = maildir://{self.path}\n")

    def notmuch_environment(self):
        config = self.world.directory / "notmuch-config"
        config.write_text(f"[database]\npath={self.path}\n[user]\nname=Me\n"
                          "primary_email=me@example.test\n[new]\ntags=unread;inbox;\nignore=\n",
                          encoding="utf-8")
        return {**self.world.environment, "NOTMUCH_CONFIG": str(config)}


class Bench:
    def __init__(self, build, program):
        self.build, self.program = Path(build), program
        self.row, self.figures = None, []

    def report(self, name, value, unit, goal, note=""):
        """One figure of the row that runs; goal as "<= 4" or ">= 0.6", or empty."""
        self.figures.append({"row": self.row, "name": name, "value": value, "unit": unit,
                             "goal": goal, "note": note})
        print(f"{name:<58} {value:>8.2f} {unit:<14} goal {goal:<10} {note}", flush=True)

    def tool(self, name):
        return str(self.build / "tests" / "bench" / name)

    def filled(self, world, count, maildir="empty"):
        """A profile whose store holds `count` generated messages; no account needs a network."""
        profile = world.profile(f"bench{count}", accounts=
                                "[bench]\nfrom = Me <me@example.test>\n"
                                f"source = maildir://{world.directory}/{maildir}\n")
        for sub in ("cur", "new", "tmp"):
            (world.directory / maildir / sub).mkdir(parents=True, exist_ok=True)
        store = profile.directory / "data" / "sennit.db"
        store.parent.mkdir(exist_ok=True)
        subprocess.run([self.tool("generate"), "store", str(store), str(count)], check=True,
                       env=world.environment, stdout=subprocess.DEVNULL)
        return profile
