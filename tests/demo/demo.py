# SPDX-License-Identifier: GPL-3.0-or-later
"""./demo without its installing and building: alice's client with servers, a story, and a bob."""

import contextlib
import fcntl
import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "e2e"))
sys.path.insert(0, str(Path(__file__).resolve().parent))
import story
import world as w

# How `./demo bob` finds the demo that runs: one for each user.
NOTE = Path(f"/tmp/.sennit-demo-{os.getuid()}")


def say(text):
    with contextlib.suppress(OSError):  # the terminal may be gone
        print(f"demo: {text}", flush=True)


def end(number, frame):
    """The window was closed: once more is once too often while the servers are being stopped."""
    for one in (signal.SIGHUP, signal.SIGTERM):
        signal.signal(one, signal.SIG_IGN)
    raise KeyboardInterrupt


class Bob(threading.Thread):
    """Answers what alice writes, goes away after a while, and comes back."""

    ANSWERS = (
        "Thanks, that was quick. I have the earlier mails here too, right below your message.",
        "Good. I am off to the workshop in a moment; write anyway, it will wait for me.",
        "Back again. Your message came the moment I sat down.",
        "Will do. Do you want to come to the workshop on Saturday?",
        "Fine with me.",
    )
    AWAY_AFTER, AWAY_FOR = 2, 40

    def __init__(self, profile, stop, taken):
        super().__init__(daemon=True)
        self.profile, self.stop, self.taken = profile, stop, taken
        self.answered = 0

    def run(self):
        seen = {m["id"] for m in self._incoming()}
        while not self.stop.wait(1.0):
            if self.taken():
                continue  # a person is at his keyboard now
            for message in self._incoming():
                if message["id"] in seen:
                    continue
                seen.add(message["id"])
                if not self.stop.wait(2.5):
                    self._answer(message)

    def _incoming(self):
        try:
            return [m for m in self.profile.timeline("alice@example.test")
                    if m["direction"] == "in" and not m.get("carried")
                    # not the stanzas that bring the history along with a reply
                    and not re.search(r"\.\d+$", m.get("origin_id", ""))]
        except (w.Failed, ValueError, subprocess.SubprocessError):
            return []

    def _answer(self, message):
        text = self.ANSWERS[min(self.answered, len(self.ANSWERS) - 1)]
        self.answered += 1
        via = "im" if message["channel"] == "im" else "mail"
        self.profile.run("send", "--to", "alice@example.test", "--via", via, "--history", "none",
                         "--reply-to", message["id"], "--if-unavailable", "defer", "--yes",
                         text=text, code=None)
        if self.answered == self.AWAY_AFTER:
            if not self.stop.wait(6):
                self.profile.run("presence", "xa", "in the workshop", code=None)
            if not self.stop.wait(self.AWAY_FOR):
                self.profile.run("presence", "online", code=None)


def take_over():
    """./demo bob"""
    if not NOTE.exists():
        sys.exit("demo: no demo is running; start ./demo in another terminal first")
    note = json.loads(NOTE.read_text())
    with open(Path(note["directory"]) / "bob.taken", "w") as taken:
        fcntl.flock(taken, fcntl.LOCK_EX)  # the small program steps back while we hold this
        client = subprocess.Popen([note["program"], "-c", note["bob"]])
        while True:
            try:
                code = client.wait(0.5)
                break
            except subprocess.TimeoutExpired:
                if not NOTE.exists() and client.poll() is None:
                    client.terminate()  # the other side was left, and with it everything ends
                    say("the demo has ended")
    sys.exit(code)


def taken_by_person(directory):
    with open(directory / "bob.taken", "a") as taken:
        try:
            fcntl.flock(taken, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def chat(alice, bob):
    """A first exchange by IM, for real."""
    lines = ((bob, "alice@example.test", "Are you at the desk today?"),
             (alice, "bob@example.test", "Yes, until five. What is it?"),
             (bob, "alice@example.test", "I sent you the splice drawing, see the mail."))
    for profile, to, text in lines:
        other = alice if profile is bob else bob
        profile.run("send", "--to", to, "--via", "im", "--history", "none", "--if-unavailable", "send",
                    "--yes", text=text)
        sender = "bob@example.test" if profile is bob else "alice@example.test"
        other.wait_message(sender, text, direction="in")


def main():
    if sys.argv[1] == "bob":
        take_over()
    program = sys.argv[2]
    if NOTE.exists():
        old = json.loads(NOTE.read_text())
        if Path(f"/proc/{old['pid']}").exists():
            sys.exit("demo: one is running already; ./demo bob opens the other side of it")
    for one in (signal.SIGHUP, signal.SIGTERM):
        signal.signal(one, end)
    say("starting Dovecot, Postfix and Prosody on loopback")
    world = w.World(program, desktop=False)
    # the person's own desktop and terminal, not those of the tests
    for name in ("DBUS_SESSION_BUS_ADDRESS", "DISPLAY", "WAYLAND_DISPLAY", "XDG_RUNTIME_DIR", "TERM",
                 "COLORTERM", "LC_ALL", "LANG", "EDITOR", "VISUAL", "NO_COLOR", "TMUX"):
        world.environment.pop(name, None)
        if name in os.environ:
            world.environment[name] = os.environ[name]
    stop = threading.Event()
    try:
        say("playing in a story: a thread with an attachment, a mailing list, an HTML mail, a chat")
        story.play(world.servers)
        contacts = world.directory / "contacts"
        contacts.mkdir(mode=0o700)
        (contacts / "bob.vcf").write_text(story.VCARD)
        alice = world.profile("alice", settings=f"[general]\nvdir = {contacts}\n"
                              f"download-dir = {world.directory}/downloads\n")
        (contacts / "alice.vcf").write_text(story.VCARD.replace("bob", "alice").replace(
            "Bob Ropewalk", "Alice Liddell").replace("Ropewalk;Bob", "Liddell;Alice"))
        bob = world.profile("bob", settings=f"[general]\nvdir = {contacts}\n")
        engine = alice.engine()
        bob.engine()
        alice.wait_online()
        bob.wait_online()
        chat(alice, bob)
        engine.terminate()
        engine.wait(10)
        (world.directory / "bob.taken").touch()
        NOTE.write_text(json.dumps({"pid": os.getpid(), "directory": str(world.directory),
                                    "program": program, "bob": str(bob.directory)}))
        Bob(bob, stop, lambda: taken_by_person(world.directory)).start()
        say("opening sennit as alice; ./demo bob in another terminal takes bob over")
        time.sleep(0 if not sys.stdout.isatty() else 1)
        subprocess.run(alice.command(), env=world.environment)
    except w.Failed as failure:
        sys.exit(f"demo: {failure}")
    except KeyboardInterrupt:
        pass
    finally:
        stop.set()
        say("stopping and removing everything")
        NOTE.unlink(missing_ok=True)
        world.close()


if __name__ == "__main__":
    main()
