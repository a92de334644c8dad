#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Other programs have used up what the kernel gives a user of inotify: all goes on, a little later.

    no_inotify.py --builddir DIR     prints TAP

In a user namespace of its own (unshare), in which there is none.
"""

import argparse
import os
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "e2e"))
from world import Failed, Profile, Screen, Story, World, mail, wait  # noqa: E402

LIMIT = "/proc/sys/user/max_inotify_instances"
WHERE = "SENNIT_IN_NAMESPACE"


def enter_namespace():
    """Runs this program again where it may say so; skips where nobody lets it."""
    words = ["unshare", "--user", "--map-root-user"]
    if subprocess.run([*words, "sh", "-c", f"echo 0 >{LIMIT}"], capture_output=True).returncode:
        print("1..0 # SKIP there are no user namespaces here")
        sys.exit(0)
    os.environ[WHERE] = "1"
    os.execvp(words[0], [*words, sys.executable, *sys.argv])


class NoInotify(Story):
    def __init__(self, program):
        Path(LIMIT).write_text("0")
        self.world = World(program, servers=False, desktop=False)
        self.count, self.failed = 0, False
        self.maildir, self.sent = self.world.directory / "Mail", self.world.directory / "sent"
        for sub in ("cur", "new", "tmp"):
            (self.maildir / sub).mkdir(parents=True)
        self.deliver("before")
        command = self.world.directory / "transport"
        command.write_text(f"#!/bin/sh\ncat >>{self.sent}\n")
        command.chmod(0o700)
        self.alice = Profile(self.world, "alice", settings="[delivery]\nundo-mail = 0s\n",
                             accounts=f"[alice]\nfrom = Alice <alice@example.test>\nsource = maildir://{self.maildir}\n"
                                      f"outgoing = {command}\n")

    def deliver(self, name):
        text = mail(f"{name.capitalize()} <{name}@example.test>", "alice@example.test", f"the {name}", "hello",
                    f"{name}@example.test")
        (self.maildir / "tmp" / name).write_text(text)
        (self.maildir / "tmp" / name).rename(self.maildir / "new" / name)

    def starts(self):
        self.screen = Screen(self.alice)
        self.screen.wait("Before", 30)

    def mail_comes(self):
        self.deliver("later")
        self.screen.wait("Later", 60)
        (self.maildir / ".Work").mkdir()
        for sub in ("cur", "new", "tmp"):
            (self.maildir / ".Work" / sub).mkdir()
        wait(lambda: any(row["name"] == "Work" for row in self.alice.json("folders")), "the new folder", 60)

    def what_others_queue_goes(self):
        self.alice.run("send", "--to", "later@example.test", "--via", "mail", text="by another process\n")
        wait(lambda: self.sent.exists() and b"by another process" in self.sent.read_bytes(), "the email sent", 30)

    def another_takes_over(self):
        other = Screen(self.alice)
        other.wait("Later", 30)
        self.screen.keys("Escape")
        self.screen.command("quit")
        self.screen.wait("sennit ended: 0")
        self.deliver("last")
        other.wait("Last", 60)

    def run(self):
        print("1..4")
        try:
            self.check("the screen and the engine start", self.starts)
            self.check("an email and a folder that come are seen", self.mail_comes)
            self.check("what another process queues goes", self.what_others_queue_goes)
            self.check("a second client goes on when the first ends", self.another_takes_over)
        except Failed:
            pass  # it is told, and nothing goes on without it
        finally:
            self.world.close()
        return 1 if self.failed else 0


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--builddir", type=Path, default=Path("."))
    if WHERE not in os.environ:
        enter_namespace()
    sys.exit(NoInotify(parser.parse_args().builddir / "sennit").run())
