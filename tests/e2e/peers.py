# SPDX-License-Identifier: GPL-3.0-or-later
"""Other people's clients as the other side, in terminals of their own: profanity and mcabber. Text,
receipts, carbons, a file, and the availability question answered from there.

    peers.py SENNIT     prints TAP
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from omemo import Profanity  # noqa: E402
from world import Failed, Screen, Story, wait  # noqa: E402

ALICE, BOB, CAROL = "alice@example.test", "bob@example.test", "carol@example.test"


class Mcabber(Screen):
    """mcabber, logged in as one of the people; what it hears stands in its history files."""

    def __init__(self, world, user):
        home = world.directory / f"mcabber-{user}"
        self.history = home / "history"
        self.history.mkdir(parents=True)
        home.chmod(0o700)
        self.history.chmod(0o700)
        self.rc = home / "mcabberrc"
        self.rc.write_text(
            f"set jid = {user}@example.test\nset password = {user}-secret\nset server = 127.0.0.1\n"
            f"set port = {world.servers.port('XMPP')}\nset tls = 1\nset ssl_ignore_checks = 1\n"
            f"set logging = 1\nset load_logs = 0\nset logging_dir = {self.history}\n"
            "set beep_on_message = 0\n")
        self.rc.chmod(0o600)
        self.world, self.user = world, user
        super().__init__(self, columns=120, rows=40, name=f"mcabber-{user}",
                         environment={"G_DEBUG": ""})

    def command(self, *words):
        return ["mcabber", "-f", str(self.rc)]

    def say(self, line):
        self.type(line)
        self.keys("Enter")

    def heard(self, who):
        path = self.history / who
        return path.read_text(errors="replace") if path.exists() else ""


class Peers(Story):
    def begin(self):
        self.alice = self.profile("alice")
        self.alice.engine()
        self.alice.wait_online(ends=("im",))
        self.bob = Profanity(self.world, "bob")
        self.bob.wait("logged in successfully", 120)
        self.bob.say("/receipts send on")
        self.bob.say("/receipts request on")
        self.bob.say(f"/msg {ALICE}")

    def send(self, to, text, *words):
        return self.alice.run("send", "--to", to, "--via", "im", "--if-unavailable", "send", *words,
                              text=text + "\n").split()[0]

    def text_and_receipts(self):
        entry = self.send(BOB, "halyard from sennit")
        self.bob.wait("halyard from sennit", 40)
        self.alice.wait_state(entry, "delivered", "read")
        self.bob.say("halyard from profanity")
        self.alice.wait_message(BOB, "halyard from profanity")

    def carbons(self):
        other = Profanity(self.world, "alice")
        other.wait("logged in successfully", 60)
        other.say("/carbons on")
        other.say(f"/msg {BOB} jib written in profanity")
        self.alice.wait_message(BOB, "jib written in profanity", direction="out")
        self.send(BOB, "jib written in sennit")
        other.wait("jib written in sennit", 40)
        both = [m for m in self.alice.timeline(BOB) if "jib written" in m.get("body", "")]
        if len(both) != 2:
            raise Failed(f"each once, but there are {both}")
        other.close()

    def a_file(self):
        path = self.world.directory / "chart.txt"
        path.write_text("here be dragons\n" * 20)
        self.send(BOB, "the chart", "--attach", str(path))
        self.bob.wait(r"https://127\.0\.0\.1:\d+/.*chart\.txt", 60)

    def a_question(self):
        self.alice.run("people", "rule", "bob", "ask-them")
        self.bob.say("/status set dnd")

        def busy():
            return any(p.get("presence") == "dnd" for p in self.alice.json("people"))
        wait(busy, f"bob to be seen as busy: {self.alice.json('people')} {self.bob.text()}", 40)
        entry = self.alice.run("send", "--to", BOB, "--via", "im", text="keel after the question\n").split()[0]
        self.bob.wait("good time", 60)
        if self.bob.has("keel after the question"):
            raise Failed("the message went before the answer")
        self.bob.say("now")
        self.bob.wait("keel after the question", 60)
        self.alice.wait_state(entry, "accepted", "delivered", "read")

    def mcabber(self):
        carol = Mcabber(self.world, "carol")
        try:
            carol.wait("Connection established", 60)
            carol.say(f"/say_to {ALICE} mizzen from mcabber")
            self.alice.wait_message(CAROL, "mizzen from mcabber")
            self.send(CAROL, "mizzen from sennit")
            wait(lambda: "mizzen from sennit" in carol.heard(ALICE),
                 "mcabber to hear it", 40)
        finally:
            self.quit(carol)

    def quit(self, carol):
        """It does not end with its terminal."""
        carol.say("/quit")
        carol.wait("sennit ended", 40)
        carol.close()


def main():
    story = Peers(sys.argv[1])
    try:
        story.check("profanity logs in", story.begin)
        story.check("text both ways with profanity, with its receipt", story.text_and_receipts)
        story.check("what another client of ours writes and hears is the same", story.carbons)
        story.check("a file goes up, and profanity gets its address", story.a_file)
        story.check("the availability question is answered from profanity", story.a_question)
        story.check("text both ways with mcabber", story.mcabber)
    except Failed:
        pass  # it is told, and nothing goes on without it
    finally:
        story.world.close()
    print(f"1..{story.count}")
    return 1 if story.failed else 0


if __name__ == "__main__":
    sys.exit(main())
