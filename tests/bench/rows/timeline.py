# SPDX-License-Identifier: GPL-3.0-or-later
"""One person with 50,000 messages, and a thread of 200: opened, gone to a date, paged back through.

What the store takes for one screen is said in milliseconds, as the goal is, and as a ratio to what the
same screen takes with 500 messages; processor time, so that the rest of the machine does not count. On
the terminal each key is timed until the screen changes, against a page of a bare list. A thread of 200
emails is read against notmuch. BENCH_PERSON messages (50,000 unless it is set).
"""

import os
import select
import sqlite3
import subprocess
import time

from lib import Terminal, Maildir, median, resident, timed, w

MESSAGES = int(os.environ.get("BENCH_PERSON", "50000"))
FEW = 500
WHO = "person0@mail.test"
SHOWN = rb"\d\d:\d\d|[A-Z][a-z]{2}"
PAGE_UP = b"\x02"
ROUNDS = 10
PAGES = 40 # at either end, each time


class Person:
    """A profile whose only correspondent exchanged so many messages with the user."""

    def __init__(self, bench, world, count):
        self.bench, self.world, self.count = bench, world, count
        self.profile = world.profile(f"person{count}", accounts="[bench]\nfrom = Me <me@example.test>\n"
                                     f"source = maildir://{world.directory}/empty\n")
        for sub in ("cur", "new", "tmp"):
            (world.directory / "empty" / sub).mkdir(parents=True, exist_ok=True)
        self.store = self.profile.directory / "data" / "sennit.db"
        self.store.parent.mkdir(exist_ok=True)
        subprocess.run([bench.tool("generate"), "person", str(self.store), str(count)], check=True,
                       env=world.environment)

    def asked(self):
        """What bench_timeline says: name -> milliseconds of processor time."""
        lines = subprocess.run([self.bench.tool("bench_timeline"), str(self.store), WHO], check=True,
                               text=True, stdout=subprocess.PIPE, env=self.world.environment).stdout
        return {name: float(rest[0]) for name, *rest in (line.split("\t") for line in lines.splitlines())}

    def day(self, part):
        """Of the message before which this part of all messages lies."""
        with sqlite3.connect(f"file:{self.store}?mode=ro", uri=True) as store:
            row = store.execute("SELECT time FROM message ORDER BY time LIMIT 1 OFFSET ?",
                                (int(self.count * part),))
            return time.strftime("%Y-%m-%d", time.localtime(row.fetchone()[0] / 1000))

    def terminal(self):
        terminal = Terminal(self.profile.command(), self.world.environment)
        terminal.until(SHOWN)
        terminal.drain(0.5)
        return terminal


def change(terminal, keys, patience=1.0):
    """Seconds from a key to what it changes first, and how many bytes changed; None: nothing did."""
    begun = time.perf_counter()
    os.write(terminal.fd, keys)
    if not select.select([terminal.fd], [], [], patience)[0]:
        return None, 0
    seconds, size = time.perf_counter() - begun, len(os.read(terminal.fd, 65536))
    while select.select([terminal.fd], [], [], 0.002)[0]:
        size += len(os.read(terminal.fd, 65536))
    return seconds, size


def walk_back(terminal, bound):
    """Pages back until nothing changes any more: the seconds of each."""
    seconds, still = [], 0
    while len(seconds) < bound and still < 5:
        took, size = change(terminal, PAGE_UP)
        # the end of the line blinks or beeps, a page is more than that
        still = still + 1 if size < 100 else 0
        if took is not None:
            seconds.append(took)
    return seconds


def both_ends(terminal, person):
    """Seconds of a page back among the newest and among the oldest messages, by turns: what the machine does
    besides in these minutes falls on both."""
    newest, oldest, old = [], [], b":date " + person.day(0.1).encode()
    for _ in range(ROUNDS):
        terminal.press(b"G")
        newest += [change(terminal, PAGE_UP)[0] for _ in range(PAGES)]
        terminal.press(old)
        terminal.press(b"\r")
        oldest += [change(terminal, PAGE_UP)[0] for _ in range(PAGES)]
    return [median([took for took in end if took is not None]) for end in (newest, oldest)]


def processor(pid):
    """Seconds of processor time that the process took until now."""
    fields = open(f"/proc/{pid}/stat", encoding="ascii").read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def screen(person):
    """Opened, gone to a date, and back through everything, in the real client."""
    terminal = person.terminal()
    opened, dated = [], []
    for _ in range(ROUNDS):
        terminal.press(b"j") # the other one
        opened.append(terminal.press(b"k")[1])
        terminal.press(b"\r")
        terminal.press(b":date " + person.day(0.5).encode())
        dated.append(terminal.press(b"\r")[1])
        terminal.press(b"G")
        terminal.press(b"q")
    terminal.press(b"\r")
    for _ in range(300): # so that what is kept of the conversation is full
        change(terminal, PAGE_UP)
    memory, begun = resident(terminal.pid), processor(terminal.pid)
    back = walk_back(terminal, person.count)
    took = (processor(terminal.pid) - begun) / max(len(back), 1)
    grown = resident(terminal.pid) - memory
    ends = both_ends(terminal, person) if person.count > FEW else None
    terminal.close()
    return {"open": median(opened), "date": median(dated), "back": back, "ends": ends, "grown": grown, "cpu": took}


def thread(bench, world):
    """200 emails that answer one another, read by both."""
    directory = world.directory / "thread"
    for sub in ("cur", "new", "tmp"):
        (directory / sub).mkdir(parents=True)
    os.environ["BENCH_MESSAGES"] = os.environ.get("BENCH_MESSAGES", "1000")
    mail = Maildir(bench, world)
    base = time.time() - 201 * 60
    for i in range(200):
        text = w.mail("Person <person@thread.test>", "me@example.test", "Re: a long thread" if i else "a long thread",
                      "\n".join(f"line {j} of what was said about it, number {i}" for j in range(40)),
                      f"t{i}@thread.test", base + i * 60)
        if i:
            text = f"In-Reply-To: <t{i - 1}@thread.test>\nReferences: <t0@thread.test> <t{i - 1}@thread.test>\n" + text
        (mail.path / "cur" / f"{int(base) + i}.T{i}.bench:2,S").write_text(text)
    profile = mail.profile("thread")
    subprocess.run(profile.command("engine", "--once"), check=True, env=world.environment,
                   stdout=subprocess.DEVNULL)
    notmuch = mail.notmuch_environment()
    subprocess.run(["notmuch", "new", "--quiet"], check=True, env=notmuch)
    found = subprocess.run(["notmuch", "search", "--output=threads", "id:t0@thread.test"], check=True, text=True,
                           stdout=subprocess.PIPE, env=notmuch).stdout.strip()
    theirs = [timed(["notmuch", "show", "--format=json", "--entire-thread=true", found], notmuch) for _ in range(ROUNDS)]
    store = next(profile.directory.rglob("*.db"))
    lines = subprocess.run([bench.tool("bench_timeline"), str(store), "person@thread.test"], check=True, text=True,
                           stdout=subprocess.PIPE, env=world.environment).stdout.splitlines()
    asked = {line.split("\t")[0]: line.split("\t")[1:] for line in lines}
    return {"all": float(asked["thread"][1]) / 1000, "screen": float(asked["open"][1]) / 1000,
            "count": int(asked["thread messages"][0]), "notmuch": median(theirs)}


def run(bench):
    world = w.World(bench.program, servers=False, desktop=False)
    try:
        few, many = Person(bench, world, FEW), Person(bench, world, MESSAGES)
        asked = {person.count: person.asked() for person in (few, many)}
        if asked[MESSAGES]["messages"] != MESSAGES:
            raise w.Failed("the walk did not pass all messages")
        for name, words in (("open", "opened"), ("date", "a date"), ("first", "a page back, first"),
                            ("last", "a page back, last")):
            bench.report(f"{MESSAGES:,} with one person: {words}, from the store", asked[MESSAGES][name], "ms", "<= 5")
            bench.report(f"... against {FEW}", asked[MESSAGES][name] / asked[FEW][name], "x", "<= 2")
        bench.report("... grown by paging through all in the store", asked[MESSAGES]["memory"] / 1024, "MiB", "<= 2")
        bare = Terminal([bench.tool("bare_list")], world.environment)
        bare.until(rb"correspondent")
        page = median([bare.press(b" ")[1] for _ in range(30)][5:])
        bare.close()
        small, large = screen(few), screen(many)
        first, last = large["ends"]
        bench.report("opened, on the screen", large["open"] / page, "x bare list's page", "")
        bench.report(f"... against {FEW}", large["open"] / small["open"], "x", "<= 1.2")
        bench.report("a date, on the screen", large["date"] / page, "x bare list's page", "")
        bench.report(f"... against {FEW}", large["date"] / small["date"], "x", "<= 1.2")
        bench.report("a page back, on the screen", first / page, "x bare list's page", "<= 2")
        bench.report("... the oldest pages against the newest", last / first, "x", "<= 1.2",
                     f"{len(large['back']):,} pages were walked through")
        bench.report("... processor time of a page", large["cpu"] / page, "x bare list's page", "")
        bench.report("grown by paging through all on the screen", large["grown"] / 1024, "MiB", "<= 4")
        told = thread(bench, world)
        if told["count"] != 200:
            raise w.Failed(f"the thread has {told['count']} emails")
        bench.report("a thread of 200, its newest screen", told["screen"] / told["notmuch"], "x notmuch show", "<= 0.1")
        bench.report("a thread of 200, all of it from the store", told["all"] / told["notmuch"], "x notmuch show", "<= 0.5")
    finally:
        world.close()
