# SPDX-License-Identifier: GPL-3.0-or-later
"""Encrypted IMs with profanity as the other side: texts and files both ways, both
fingerprints compared.

    omemo.py SENNIT     prints TAP
"""

import re
import signal
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from world import Failed, Screen, Story, wait  # noqa: E402

ALICE, BOB = "alice@example.test", "bob@example.test"


class Profanity(Screen):
    """profanity in a tmux of its own, logged in as one of the people."""

    def __init__(self, world, user):
        self.home = world.directory / f"profanity-{user}"
        data, config = self.home / "data" / "profanity", self.home / "config" / "profanity"
        data.mkdir(parents=True)
        config.mkdir(parents=True)
        (data / "accounts").write_text(
            f"[{user}]\nenabled=true\njid={user}@example.test\nserver=127.0.0.1\n"
            f"port={world.servers.port('XMPP')}\nresource=prof\ntls.policy=trust\n"
            f"eval_password=echo {user}-secret\npresence.last=online\npresence.login=online\n")
        (config / "profrc").write_text(
            "[ui]\nsplash=false\nroster=false\noccupants=false\n[notifications]\nmessage=false\n"
            "room=off\n[connection]\nautoping=0\n[logging]\nmaxsize=1048580\n")
        self.world, self.user = world, user
        super().__init__(self, columns=150, rows=50, name=f"profanity-{user}",
                         environment={"XDG_DATA_HOME": str(self.home / "data"),
                                      "XDG_CONFIG_HOME": str(self.home / "config"),
                                      "XDG_STATE_HOME": str(self.home / "state"),
                                      "G_DEBUG": ""})  # what GLib tells it is not ours to judge

    def command(self, *words):
        """Screen starts what this says; a line that is given is typed."""
        if not words and not hasattr(self, "socket"):
            raise Failed("not started")
        return ["profanity", "-a", self.user, "-l", "DEBUG"]

    def say(self, line):
        self.type(line)
        self.keys("Enter")


def fingerprints(text):
    """Eight groups of eight hexadecimal digits each, with blanks or dashes between: without those."""
    found = re.findall(r"(?:[0-9a-f]{8}[- ]){7}[0-9a-f]{8}", text)
    return {re.sub(r"[^0-9a-f]", "", one) for one in found}


class Encrypted(Story):
    def begin(self):
        # profanity puts itself into a list of devices, but makes none where there is none yet
        self.profile("bob").run("engine", "--once")
        self.alice = self.profile("alice")
        self.alice.engine()
        self.alice.wait_online(ends=("im",))
        self.bob = Profanity(self.world, "bob")
        self.bob.wait("logged in successfully", 40)
        self.bob.say("/omemo gen")
        self.bob.wait("OMEMO crytographic materials generated|Your OMEMO identity is ready", 60)
        self.bob.say("/omemo trustmode blind")
        # what is written before the server has told of its device is not for it
        wait(lambda: sum(d["published"] for d in self.alice.json("devices", BOB)) == 2,
             "two devices of bob: sennit's and profanity's", 60)

    def to_profanity(self):
        self.alice.run("send", "--to", BOB, "--via", "im", "--wait", "30", "--if-unavailable", "send",
                       "--encrypt", "required", text="hushed from sennit\n")
        self.bob.say(f"/msg {ALICE}")
        self.bob.wait("hushed from sennit")

    def from_profanity(self):
        self.bob.say("/omemo start")
        self.bob.wait("OMEMO session started|already started|OMEMO encryption enabled|\\[OMEMO\\]", 40)
        self.bob.say("hushed from profanity")
        message = self.alice.wait_message(BOB, "hushed from profanity")
        if not message.get("encrypted"):
            raise Failed(f"not marked as encrypted: {message}")
        for number in range(6):
            self.bob.say(f"hushed line {number}")
            self.alice.wait_message(BOB, f"hushed line {number}", encrypted=True)
        self.alice.run("send", "--to", BOB, "--via", "im", "--wait", "30", "--if-unavailable", "send",
                       text="hushed and back again\n")
        self.bob.wait("hushed and back again")

    def fingerprints_agree(self):
        own = {d["fingerprint"].replace(" ", "") for d in self.alice.json("devices") if d.get("this")}
        theirs = {d["fingerprint"].replace(" ", "") for d in self.alice.json("devices", BOB)
                  if d.get("fingerprint")}
        self.bob.say(f"/omemo fingerprint {ALICE}")
        self.bob.wait("OMEMO fingerprint|fingerprint for")
        wait(lambda: own <= fingerprints(self.bob.text()),
             f"{own} on profanity's screen, which has {fingerprints(self.bob.text())}")
        self.bob.say("/win 1")
        self.bob.say("/omemo fingerprint")
        wait(lambda: fingerprints(self.bob.text()) & theirs,
             f"one of {theirs} on profanity's screen, which has {fingerprints(self.bob.text())}")

    def survives_a_kill(self):
        for number in range(3):
            entry = self.alice.run("send", "--to", BOB, "--via", "im", "--if-unavailable", "send",
                                   text=f"hushed before kill {number}\n").split()[0]
            self.alice.stop_engine(signal.SIGKILL)
            self.alice.engine()
            self.alice.wait_online(ends=("im",))
            self.alice.wait_state(entry, "accepted", "delivered", "read")
            self.bob.say("/win 2")
            self.bob.wait(f"hushed before kill {number}")
            self.bob.say(f"hushed after kill {number}")
            self.alice.wait_message(BOB, f"hushed after kill {number}", encrypted=True)

    def attached(self, name):
        """The address of a file of that name in the conversation, once it is there."""
        found = []

        def look():
            found[:] = [part["url"] for message in self.alice.json("show", BOB)
                        for part in message.get("attachments", []) if part["name"] == name
                        and message.get("encrypted") and part.get("url")]
            return found
        wait(look, f"no encrypted file {name}")
        if not found[0].startswith("aesgcm://"):
            raise Failed(f"the address of {name} is {found[0]}")
        return found[0]

    def has_file(self, directory, text):
        """One of the files below has exactly this text."""
        wait(lambda: any(path.is_file() and path.read_bytes() == text.encode()
                         for path in directory.rglob("*")), f"no file with {text!r}")

    def file_from_profanity(self):
        path = self.bob.home / "plan.txt"
        path.write_text("hushed plan\n")
        self.bob.say("/win 2")
        self.bob.say(f"/sendfile {path}")
        self.attached("plan.txt")
        self.has_file(self.alice.directory, "hushed plan\n")

    def file_to_profanity(self):
        path = self.world.directory / "answer.txt"
        path.write_text("hushed answer\n")
        self.alice.run("send", "--to", BOB, "--via", "im", "--wait", "30", "--if-unavailable", "send",
                       "--attach", str(path), text="")
        shown = []  # profanity breaks the address over two lines

        def look():
            shown[:] = re.findall(r"aesgcm://\S+/answer\.txt#[0-9a-f]{88}",
                                  re.sub(r"\n +", "", self.bob.text()))
            return shown
        wait(look, "no address of answer.txt on profanity's screen")
        self.bob.say(f"/url save {shown[0]} {self.bob.home / 'saved.txt'}")
        self.has_file(self.bob.home, "hushed answer\n")

    def server_has_nothing(self):
        for path in Path(self.world.servers.env["SN_DIR"]).joinpath("prosody", "data").rglob("*"):
            if path.is_file() and b"hushed" in path.read_bytes():
                raise Failed(f"{path} holds a text")

    def run(self):
        print("1..8")
        try:
            self.check("both are there, and profanity makes its keys", self.begin)
            self.check("profanity reads what sennit encrypts", self.to_profanity)
            self.check("sennit reads what profanity encrypts", self.from_profanity)
            self.check("both sides show the same fingerprints", self.fingerprints_agree)
            self.check("after a kill the session goes on", self.survives_a_kill)
            self.check("sennit opens a file that profanity encrypts", self.file_from_profanity)
            self.check("profanity opens a file that sennit encrypts", self.file_to_profanity)
            self.check("the server keeps none of it in the clear", self.server_has_nothing)
        except Failed:
            pass  # it is told, and nothing goes on without it
        finally:
            self.world.close()
        return 1 if self.failed else 0


if __name__ == "__main__":
    sys.exit(Encrypted(sys.argv[1]).run())
