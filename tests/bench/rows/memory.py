# SPDX-License-Identifier: GPL-3.0-or-later
"""The most memory that sennit takes: first index and first screen by size, a huge message, a long thread.

Peaks of resident memory, not what it keeps: the first index of the Maildirs of grown.py, the client with
the engine in it until its first screen has been shown for a while, an email of 100 MB indexed and looked
at, a thread of 200 emails that quote each other and carry files, and a room of 2,000 people of whom 200
change their names and who say 1,000 lines. The room is Prosody's, and the people are made up within it
(tests/servers/mod_test_crowd.lua): 2,000 sessions would leave nothing of the processors for it.
"""

import base64
import re
import subprocess
import time
from email.message import EmailMessage
from email.utils import formatdate
from pathlib import Path

from grown import Grown, sizes
from growth import report
from lib import Terminal, w

SHOWN = rb"\d\d:\d\d|[A-Z][a-z]{2}"
CHUNK = 57 << 10  # whole lines of base64
HUGE = 74 << 20   # bytes of a file that takes 100 MB in an email


def run(bench):
    world = w.World(bench.program, servers=False, desktop=False)
    try:
        by_size(bench, world)
        huge_message(bench, world)
        long_thread(bench, world)
        crowded_room(bench, world)
    finally:
        world.close()


def peak(pid):
    """MiB at most so far; 0 when the process has ended."""
    try:
        found = re.search(r"VmHWM:\s+(\d+)", Path(f"/proc/{pid}/status").read_text(encoding="ascii"))
    except OSError:
        return 0
    return int(found[1]) / 1024 if found else 0


def mebibytes(command, env):
    """The peak of a program that ends by itself. What wait4() tells is at least what this program has."""
    process = subprocess.Popen(command, env=env, stdout=subprocess.DEVNULL)
    most = 0
    while process.poll() is None:
        most = max(most, peak(process.pid))
        time.sleep(0.005)
    if process.returncode:
        raise w.Failed(f"{command[-2:]}: exit {process.returncode}")
    return most


def shown(profile, keys, env):
    """The peak of the client after these keys."""
    terminal = Terminal(profile.command(), env)
    try:
        terminal.until(SHOWN)
        terminal.drain(1)
        for key in keys:
            terminal.press(key, settle=0.3)
        return peak(terminal.pid)
    finally:
        terminal.close()


def by_size(bench, world):
    index, screen = {}, {}
    for size in sorted(sizes()):
        store = Grown(bench, world, size)
        screen[size] = shown(store, [], world.environment)
        # a run of the engine ends after ten minutes, which a million needs more than
        if size <= 100000:
            fresh = maildir_profile(world, f"fresh{size}", store.mail)
            index[size] = mebibytes(fresh.command("engine", "--once"), world.environment)
    report(bench, "peak, first index", index, "")
    bench.report(f"peak, first index, {max(index):,} messages", index[max(index)], "MiB", "")
    report(bench, "peak, first screen", screen)
    bench.report(f"peak, first screen, {max(screen):,} messages", screen[max(screen)], "MiB", "")


def maildir_profile(world, name, mail):
    return world.profile(name, accounts=f"[bench]\nfrom = Me <me@example.test>\nsource = maildir://{mail}\n")


def new_maildir(world, name):
    mail = world.directory / name
    for sub in ("cur", "new", "tmp"):
        (mail / sub).mkdir(parents=True)
    return mail


def huge_message(bench, world):
    mail = new_maildir(world, "Huge")
    head = ("From: bob@mail.test\nTo: me@example.test\nSubject: huge\nMessage-ID: <huge@mail.test>\n"
            "Date: Thu, 01 Jan 2026 00:00:00 +0000\nMIME-Version: 1.0\n"
            "Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/plain\n\nhello\n--b\n"
            "Content-Type: application/octet-stream; name=big.bin\n"
            "Content-Disposition: attachment; filename=big.bin\nContent-Transfer-Encoding: base64\n\n")
    with open(mail / "cur" / "1.huge:2,S", "wb") as file:
        file.write(head.encode())
        for _ in range(HUGE // CHUNK):
            file.write(base64.encodebytes(b"\x5a" * CHUNK))
        file.write(b"--b--\n")
    profile = maildir_profile(world, "huge", mail)
    bench.report("peak, an email of 100 MB indexed",
                 mebibytes(profile.command("engine", "--once"), world.environment), "MiB", "<= 48")
    bench.report("peak, an email of 100 MB opened", shown(profile, [b"\r", b"\r"], world.environment), "MiB",
                 "<= 48")


THREAD = 200
QUOTED = 3  # an answer holds what was said that many answers before


def answer(i):
    """Sixty lines, below those of the answers before it, and every tenth with a file of 30 KB."""
    text = [f"line {line} of answer {i}" for line in range(60)]
    for depth in range(1, min(i, QUOTED) + 1):
        text += [f"{'>' * depth} line {line} of answer {i - depth}" for line in range(60)]
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "Bob <bob@mail.test>", "me@example.test", "long"
    mail["Date"], mail["Message-ID"] = formatdate(1767000000 + i * 60), f"<t{i}@mail.test>"
    if i:
        mail["In-Reply-To"], mail["References"] = f"<t{i - 1}@mail.test>", f"<t0@mail.test> <t{i - 1}@mail.test>"
    mail.set_content("\n".join(text))
    if i % 10 == 0:
        mail.add_attachment(bytes(range(256)) * 120, "application", "octet-stream", filename="drawing.bin")
    return mail.as_bytes()


def long_thread(bench, world):
    mail = new_maildir(world, "Thread")
    for i in range(THREAD):
        (mail / "cur" / f"{i}.thread:2,S").write_bytes(answer(i))
    profile = maildir_profile(world, "thread", mail)
    mebibytes(profile.command("engine", "--once"), world.environment)
    up = [b"\x1b[5~"] * (THREAD // 2)
    bench.report(f"peak, a thread of {THREAD} opened, and shown as a tree",
                 shown(profile, [b"\r", b"T"], world.environment), "MiB", "<= 48")
    bench.report("... unfolded, and half of it paged through",
                 shown(profile, [b"\r", b"zo", *up], world.environment), "MiB", "<= 48")


CROWD, LINES = 2000, 1000
ROOM = "big@rooms.example.test"


def crowded_room(bench, world):
    servers = world.add_servers("good", ("prosody",), env={"SN_XMPP_CROWD": str(CROWD)})
    log = servers.directory / "prosody" / "prosody.log"
    alice = world.profile("alice", accounts=f"[alice]\nim = xmpp://alice@example.test\n"
                          f"im-host = localhost:{servers.port('XMPP')}\npassword-command = echo alice-secret\n"
                          f"ca-file = {servers.ca}\n")
    w.wait(lambda: "the crowd is in" in log.read_text(), "a crowd in the room", 240)
    terminal = Terminal(alice.command(), world.environment)
    try:
        alice.wait_online(ends=("im",))
        terminal.drain(1)
        alice.run("rooms", "join", "--wait", "120", ROOM)
        entered = peak(terminal.pid)
        w.wait(lambda: "the crowd has spoken" in log.read_text(), "a crowd that speaks", 240)
        alice.wait_message(ROOM, f"line {LINES} of a room", 120)
        people = len(alice.json("rooms", "people", ROOM))
        if people != CROWD + 1:
            raise w.Failed(f"{people} are in the room, and not {CROWD + 1}")
        terminal.press(b":open big\r", settle=1)
        terminal.press(b"P", settle=1)
        bench.report(f"peak, on line, a room of {CROWD:,} entered", entered, "MiB", "<= 48")
        bench.report(f"... after 200 new names, {LINES:,} lines, and a look at it", peak(terminal.pid), "MiB",
                     "<= 48")
    finally:
        terminal.close()
