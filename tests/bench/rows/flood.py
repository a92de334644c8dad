# SPDX-License-Identifier: GPL-3.0-or-later
"""1,000 and 10,000 IMs at once, and the same from the archive after an absence, into the store.

The limit is a libstrophe program that takes the same stanzas from the same server and discards them. Time
runs from the sender's first stanza, or from the first one that came out of the archive, until the last is
discarded, or can be read out of the store. Meanwhile keys are pressed. The server keeps no archive of what
is sent at once, which would take it longer than anything else. Who floods asks for no acks (XEP-0198), of
which the server gets more the sooner it answers; and who discards says goodbye, or the server would keep
each line for them besides.
BENCH_FLOOD is how many there are in the larger case (10,000 unless it is set).
"""

import os
import shutil
import sqlite3
import subprocess
import threading
import time

from lib import Terminal, median, w

LARGE = int(os.environ.get("BENCH_FLOOD", "10000"))
ROUNDS = int(os.environ.get("BENCH_ROUNDS", "3"))
PAGE = 250 # of the archive; what the client asks for
SHOWN = rb"\d\d:\d\d|[A-Z][a-z]{2}"
PATIENCE = 300


class Bare:
    """The program that discards, as bob."""

    def __init__(self, bench, world, servers):
        self.command = [bench.tool("bare_im"), "127.0.0.1", str(servers.port("XMPP")), servers.ca]
        self.env = world.environment

    def begin(self, count):
        """A flood of so many; the process, and when it began."""
        sender = subprocess.Popen([*self.command, str(count), "flood", "bob@example.test"], env=self.env,
                                  stdout=subprocess.PIPE, text=True)
        return sender, int(sender.stdout.readline()) / 1e6

    def flood(self, count):
        sender, _ = self.begin(count)
        sender.stdout.read()
        if sender.wait(PATIENCE):
            raise w.Failed("the server did not take all IMs")

    def sink(self, count):
        """Seconds from the first one sent until the last one is discarded."""
        taker = subprocess.Popen([*self.command, str(count), "sink"], stdout=subprocess.PIPE, text=True,
                                 env=self.env)
        try:
            if taker.stdout.readline() != "there\n":
                raise w.Failed("the bare client did not log in")
            sender, begun = self.begin(count)
            last = int(taker.stdout.readline()) / 1e6
            sender.communicate()
            if taker.wait(PATIENCE):
                raise w.Failed("the bare client did not get all of them")
            return last - begun
        finally:
            taker.kill()
            taker.wait()

    def archive(self):
        """Seconds for all of the archive, and how many messages that were."""
        done = subprocess.run([*self.command, str(PAGE), "archive"], check=True, capture_output=True, text=True,
                              env=self.env, timeout=PATIENCE)
        took, count = done.stdout.split()
        return int(took) / 1e6, int(count)


class Store:
    """How many IMs are in it, read as any client would."""

    def __init__(self, profile):
        self.path = profile.directory / "data" / "sennit.db"

    def count(self):
        with sqlite3.connect(f"file:{self.path}?mode=ro", uri=True) as store:
            return store.execute("SELECT count(*) FROM message WHERE channel = 1").fetchone()[0]

    def newest(self):
        with sqlite3.connect(f"file:{self.path}?mode=ro", uri=True) as store:
            return store.execute("SELECT coalesce(max(id), 0) FROM message").fetchone()[0]

    def wait(self, id_, begun, count):
        """Seconds until so many have been filed after that row."""
        while self.newest() < id_ + count:
            if time.time() - begun > PATIENCE:
                raise w.Failed(f"{self.newest() - id_} of {count} IMs came into the store")
            time.sleep(0.005)
        return time.time() - begun


class Waiting(threading.Thread):
    def __init__(self, store, id_, begun, count):
        super().__init__(daemon=True)
        self.arguments, self.store, self.took = (id_, begun, count), store, None
        self.start()

    def run(self):
        self.took = self.store.wait(*self.arguments)


def account(servers, profile_directory):
    secret = profile_directory / "secret"
    return f"""[bob]
im = xmpp://bob@example.test
im-host = localhost:{servers.port('XMPP')}
password-command = cat {secret}
ca-file = {servers.ca}
"""


def filled(bench, world, servers, name):
    """A profile of bob's with a list to move in."""
    profile = world.profile(f"bob-{name}", servers=servers, accounts="")
    profile.write("accounts.conf", account(servers, profile.directory))
    store = profile.directory / "data" / "sennit.db"
    store.parent.mkdir(exist_ok=True)
    subprocess.run([bench.tool("generate"), "store", str(store), "500"], check=True, env=world.environment)
    return profile


def keys(terminal, until):
    """Seconds of each line down or up until something says so."""
    seen, i = [], 0
    while not until():
        pressed = terminal.press(b"jk"[i % 2:i % 2 + 1], settle=0.002, patience=2)
        i += 1
        if pressed:
            seen.append(pressed[0])
    return seen


def live(bench, world, count, rounds):
    servers = world.add_servers("good", ("prosody",), env={"SN_XMPP_NO_ARCHIVE": "1"})
    bare, bare_times, our_times, busy, quiet = Bare(bench, world, servers), [], [], [], []
    profile = filled(bench, world, servers, f"live{count}")
    store = Store(profile)
    for _ in range(rounds):
        bare_times.append(bare.sink(count))
        terminal = Terminal(profile.command(), world.environment)
        try:
            terminal.until(SHOWN)
            profile.wait_online(ends=("im",))
            terminal.drain(0.5)
            presses = iter(range(60))
            quiet += keys(terminal, lambda: next(presses, None) is None)[5:]
            id_ = store.newest()
            sender, begun = bare.begin(count)
            waiting = Waiting(store, id_, begun, count)
            busy += keys(terminal, lambda: not waiting.is_alive())
            if waiting.took is None:
                raise w.Failed("not all IMs came into the store")
            our_times.append(waiting.took)
            sender.communicate()
        finally:
            terminal.close()
    servers.stop()
    if os.environ.get("BENCH_VERBOSE"):
        print("  ", bare_times, our_times)
    bench.report(f"{count:,} IMs at once, into the store", median(bare_times) / median(our_times),
                 "of the limit", ">= 0.5")
    if busy:
        bench.report("... a line down meanwhile, median", median(busy) / median(quiet), "x when quiet", "<= 1.5",
                     f"{len(busy)} presses")
        bench.report("... the slowest", max(busy) / median(quiet), "x when quiet", "")


def absent(bench, world, count, rounds):
    # what the archive has is not kept for the first who comes a second time
    servers = world.add_servers("good", ("prosody",), env={"SN_XMPP_NO_OFFLINE": "1"})
    bare, bare_times, our_times = Bare(bench, world, servers), [], []
    # the first time only the newest weeks are read: be there once before
    profile = filled(bench, world, servers, f"absent{count}")
    subprocess.run(profile.command("engine", "--once"), check=True, env=world.environment,
                   stdout=subprocess.DEVNULL)
    bare.flood(count)
    data = profile.directory / "data"
    kept = shutil.copytree(data, world.directory / f"kept{count}")
    for _ in range(rounds):
        took, seen = bare.archive()
        if seen != count:
            raise w.Failed(f"the archive has {seen} of {count}")
        bare_times.append(took)
        shutil.rmtree(data)
        shutil.copytree(kept, data)
        store = Store(profile)
        id_ = store.newest()
        before = time.time()
        engine = subprocess.Popen(profile.command("engine", "--once"), env=world.environment,
                                  stdout=subprocess.DEVNULL)
        try:
            while store.newest() == id_: # connecting is not what is compared
                if time.time() - before > PATIENCE:
                    raise w.Failed("nothing of the archive came into the store")
                time.sleep(0.001)
            first = store.newest() - id_
            begun = time.time()
            took = store.wait(id_, begun, count)
            # what had come with the first look is not timed: no more than a page of it may be missing
            our_times.append(took * count / max(count - first, 1))
            engine.wait(PATIENCE)
        finally:
            engine.kill()
            engine.wait()
    servers.stop()
    if os.environ.get("BENCH_VERBOSE"):
        print("  ", bare_times, our_times)
    bench.report(f"{count:,} IMs from the archive, into the store", median(bare_times) / median(our_times),
                 "of the limit", ">= 0.5")


def run(bench):
    world = w.World(bench.program, servers=False, desktop=False)
    try:
        for count in (1000, LARGE):
            live(bench, world, count, ROUNDS)
            absent(bench, world, count, ROUNDS)
    finally:
        world.close()
