#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""A disk that is really full, under the whole program: a file system of a few megabytes holds the store.

    full_disk.py --builddir DIR     prints TAP

In a mount namespace of its own (unshare), in which the file system is mounted, filled and made larger.
"""

import argparse
import os
import random
import signal
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "e2e"))
from world import Failed, Profile, Screen, Story, World, mail, wait  # noqa: E402

MESSAGES = 1500
SMALL, LARGE = "size=4m", "size=64m"
WHERE = "SENNIT_IN_NAMESPACE"


def enter_namespace():
    """Runs this program again where it may mount; skips where nobody lets it."""
    for words in (["unshare", "--mount"], ["unshare", "--mount", "--map-root-user"]):
        tried = subprocess.run([*words, "mount", "-t", "tmpfs", "none", "/mnt"], capture_output=True)
        if tried.returncode == 0:
            os.environ[WHERE] = "1"
            os.execvp(words[0], [*words, sys.executable, *sys.argv])
    print("1..0 # SKIP nothing can be mounted here")
    sys.exit(0)


class FullDisk(Story):
    def __init__(self, program):
        self.world = World(program, servers=False, desktop=False)
        self.count, self.failed = 0, False
        self.maildir, self.sent = self.world.directory / "Mail", self.world.directory / "sent"
        self.fill_maildir()
        command = self.world.directory / "transport"
        command.write_text(f"#!/bin/sh\ncat >>{self.sent}\n")
        command.chmod(0o700)
        self.alice = Profile(self.world, "alice", settings="[delivery]\nundo-mail = 0s\nretry = 1s\nretry-max = 2s\n",
                             accounts=f"[alice]\nfrom = Alice <alice@example.test>\nsource = maildir://{self.maildir}\n"
                                      f"outgoing = {command}\n")
        self.disk = self.alice.directory / "data"
        self.disk.mkdir(mode=0o700)
        self.mount(SMALL)

    def fill_maildir(self):
        chance = random.Random(7)
        for sub in ("cur", "new", "tmp"):
            (self.maildir / sub).mkdir(parents=True)
        for i in range(MESSAGES):
            text = "\n".join(f"{chance.getrandbits(256):x}" for _ in range(40))
            (self.maildir / "cur" / f"{1700000000 + i}.{i}.here:2,S").write_text(
                mail(f"Bob {i % 50} <bob{i % 50}@example.test>", "alice@example.test", f"number {i}", text,
                     f"full-{i}@example.test", 1700000000 + i))

    def mount(self, size, again=False):
        options = f"remount,{size}" if again else f"mode=700,{size}"
        subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", self.disk], check=True)

    def fill_disk(self):
        with open(self.disk / "filling", "ab", buffering=0) as file:
            try:
                while file.write(bytes(4096)):
                    pass
            except OSError:
                pass

    def is_said(self):
        self.screen = Screen(self.alice)
        self.screen.wait("^ The disk is full: what comes in stays", 60)
        self.fill_disk()
        self.screen.keys("j")
        self.screen.wait("disk full", 5)
        self.screen.wait("[0-9a-f]{60}")

    def text_is_kept(self):
        self.screen.keys("Enter", "r")
        self.screen.wait("Subject +Re: number")
        self.screen.type("not lost with the disk")
        self.screen.keys("M-Enter")
        # SQLite has room for a little in what the last failure left of its log: how far it comes differs
        self.screen.wait("✓ sent|on the way|The disk is full; free some space")
        self.screen.wait("not lost with the disk")

    def is_sent(self):
        return self.sent.exists() and b"not lost with the disk" in self.sent.read_bytes()

    def goes_on(self):
        (self.disk / "filling").unlink()
        self.mount(LARGE, again=True)
        self.screen.wait("can be written again|unread$", 60)
        self.screen.wait_gone("disk full", 60)
        if self.screen.has("Subject +Re: number"):
            self.screen.keys("M-Enter")
        wait(self.is_sent, "the email sent", 120)
        if self.sent.read_bytes().count(b"not lost with the disk") != 1:
            raise Failed("it went twice")
        count = "after:2000-01-01"
        wait(lambda: len(self.alice.json("search", "--limit", "0", count)) >= MESSAGES + 1, "all that lay there", 90)
        self.is_sound()

    def is_sound(self):
        checks = {row["check"]: row for row in self.alice.json("doctor", "--offline", code=None)}
        if checks["store"]["verdict"] != "ok":
            raise Failed(f"{checks['store']}")

    def killed_when_full(self):
        self.fill_disk()
        os.kill(self.screen.pid(), signal.SIGKILL)
        self.screen.wait("sennit ended: 137")
        self.fill_disk()  # what the killed one had open
        done = subprocess.run(self.alice.command("list"), capture_output=True, text=True, check=False,
                              env=self.world.environment)
        if done.returncode and "The disk is full; free some space" not in done.stderr:
            raise Failed(f"it says {done.stderr!r}")
        found = [row for row in self.alice.json("doctor", "--offline", code=None) if row["verdict"] == "problem"]
        if not found or any("make room" not in row["advice"] for row in found):
            raise Failed(f"doctor says {found}")
        (self.disk / "filling").unlink()
        self.is_sound()
        if len(self.alice.json("search", "--limit", "0", "after:2000-01-01")) < MESSAGES + 1:
            raise Failed("messages are gone")

    def run(self):
        print("1..4")
        try:
            self.check("a full disk is said on the screen, and what is there can be read", self.is_said)
            self.check("what is written goes, waits, or stays where it was written with the reason", self.text_is_kept)
            self.check("with room again all goes on by itself", self.goes_on)
            self.check("killed on a full disk it says why it cannot start, and nothing is lost",
                       self.killed_when_full)
        except Failed:
            pass  # it is told, and nothing goes on without it
        finally:
            self.world.tidy()
            subprocess.run(["umount", "-l", self.disk], check=False)
            self.world.close()
        return 1 if self.failed else 0


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--builddir", type=Path, default=Path("."))
    if WHERE not in os.environ:
        enter_namespace()
    sys.exit(FullDisk(parser.parse_args().builddir / "sennit").run())
