# SPDX-License-Identifier: GPL-3.0-or-later
"""The world around the program under test: real servers, profiles, a terminal, a desktop bus.

Everything lies below one throw-away directory; everything started is ended by World.close(), by
process id. Nothing here sleeps for a fixed time: wait() looks until a condition holds or a deadline
passes.
"""

import contextlib
import email.utils
import json
import os
import re
import select
import shutil
import signal
import smtplib
import socket
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

TOP = Path(__file__).resolve().parents[2]
SERVERS = TOP / "tests" / "servers" / "servers"


class Failed(Exception):
    """A check that did not hold; its text says what was expected and what was there."""


def wait(condition, what, seconds=20):
    """Returns the first true value of condition(), or fails saying what was waited for."""
    end = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise Failed(f"not within {seconds} s: {what}")
        time.sleep(0.03)


class Servers:
    def __init__(self, directory, cert="good", names=("dovecot", "postfix", "prosody"), env=None):
        self.directory = Path(directory)
        self.directory.mkdir(parents=True, exist_ok=True)
        os.chmod(self.directory, 0o755)
        self._run("start", "--cert", cert, *names, env=env)
        text = (self.directory / "env").read_text()
        self.env = dict(line.split("=", 1) for line in text.split())

    def _run(self, action, *words, env=None):
        log = self.directory / "servers.log"
        with open(log, "ab") as out:
            done = subprocess.run(
                [SERVERS, action, self.directory, *words],
                stdin=subprocess.DEVNULL, stdout=out, stderr=out,
                env={**os.environ, **(env or {})})
        if done.returncode:
            raise Failed(f"servers {action}: {log.read_text()[-2000:]}")

    def port(self, name):
        return int(self.env[f"SN_{name}_PORT"])

    @property
    def ca(self):
        return self.env["SN_CA_FILE"]

    def stop(self, *names):
        self._run("stop", *names)

    def restart(self, *names):
        self._run("restart", *names)

    def deliver(self, user, raw):
        """Puts an email into the user's INBOX by LMTP, as a mail server would."""
        if isinstance(raw, str):
            raw = raw.encode()
        with smtplib.LMTP("127.0.0.1", self.port("LMTP"), timeout=20) as lmtp:
            lmtp.sendmail("", [f"{user}@example.test"], raw)

    def mails(self, user, folder=""):
        """The raw emails in the user's folder, by what lies on the server's disk, oldest first."""
        base = Path(self.env["SN_MAIL_DIR"]) / user / "Maildir"
        if folder:
            base = base / f".{folder}"
        files = [f for sub in ("new", "cur") if (base / sub).is_dir() for f in (base / sub).iterdir()]
        return [f.read_bytes() for f in sorted(files, key=lambda f: f.stat().st_mtime)]


class Profile:
    """One person's configuration directory and the commands run on it."""

    def __init__(self, world, name, servers=None, settings="", accounts=None, extra=""):
        self.world, self.name = world, name
        self.directory = world.directory / "profiles" / name
        self.directory.mkdir(parents=True, exist_ok=True)
        self.directory.chmod(0o700)
        servers = servers or world.servers
        secret = self.directory / "secret"
        user = name.split("-")[0]
        secret.write_text(f"{user}-secret\n")
        secret.chmod(0o600)
        if accounts is None:
            accounts = f"""[{user}]
from = {user.capitalize()} Example <{user}@example.test>
source = imaps://{user}%40example.test@localhost:{servers.port('IMAPS')}
outgoing = smtp+starttls://{user}%40example.test@localhost:{servers.port('SMTP')}
im = xmpp://{user}@example.test
im-host = localhost:{servers.port('XMPP')}
password-command = cat {secret}
ca-file = {servers.ca}
{extra}"""
        self.write("accounts.conf", accounts)
        self.write("sennit.conf", world.settings + settings)
        self.engines = []

    def write(self, name, text):
        path = self.directory / name
        path.write_text(text)
        path.chmod(0o600)

    def command(self, *words):
        return [self.world.program, "-c", str(self.directory), *map(str, words)]

    def run(self, *words, text="", code=0, seconds=60):
        """Runs a verb; fails unless it exits with the code (None: any). Returns stdout."""
        done = subprocess.run(self.command(*words), input=text, capture_output=True, text=True,
                              timeout=seconds, env=self.world.environment)
        if code is not None and done.returncode != code:
            raise Failed(f"sennit {' '.join(map(str, words))}: exit {done.returncode}, not {code}\n"
                         f"{done.stdout}{done.stderr}")
        self.last = done
        return done.stdout

    def json(self, *words, **kw):
        return json.loads(self.run(*words, "--json", **kw) or "[]")

    def engine(self):
        """Starts a headless engine; returns its process."""
        log = open(self.directory / "engine.out", "ab")
        process = subprocess.Popen(self.command("engine"), stdin=subprocess.DEVNULL, stdout=log,
                                   stderr=log, env=self.world.environment)
        self.engines.append(process)
        self.world.processes.append(process)
        return process

    def stop_engine(self, how=signal.SIGTERM):
        for process in self.engines:
            if process.poll() is None:
                process.send_signal(how)
                process.wait(10)
        self.engines = []

    # ---- what the store says, through the command line ----

    def online(self, ends=("source", "im")):
        """True when the ends of the first account are on line and synced."""
        rows = {row.get("end"): row.get("state") for row in self.json("accounts")}
        return all(rows.get(end) == "online" for end in ends)

    def wait_online(self, seconds=30, ends=("source", "im")):
        try:
            wait(lambda: self.online(ends), f"{self.name} on line", seconds)
        except Failed as failure:
            raise Failed(f"{failure}: {self.json('accounts', code=None)}") from None

    def timeline(self, who):
        return self.json("show", who, code=None)

    def find(self, who, text, **facts):
        """The messages of a timeline whose body or subject holds the text and that have the facts."""
        return [m for m in self.timeline(who)
                if (text in (m.get("body") or "") or text in (m.get("subject") or ""))
                and all(m.get(key) == value for key, value in facts.items())]

    def wait_message(self, who, text, seconds=30, **facts):
        return wait(lambda: self.find(who, text, **facts),
                    f"{self.name}: a message with {text!r} {facts} from {who}", seconds)[-1]

    def outbox(self):
        return self.json("outbox")

    def wait_state(self, entry, *states, seconds=40):
        def look():
            return next((e for e in self.outbox() if e["id"] == int(entry) and e["state"] in states), None)
        return wait(look, f"outbox entry {entry} to be {' or '.join(states)}; it is "
                          f"{[(e['id'], e['state'], e.get('reason')) for e in self.outbox()]}", seconds)


class Screen:
    """The program in a detached tmux: keys in, screen out."""

    def __init__(self, profile, *words, columns=120, rows=36, name=None, environment=None):
        self.world = profile.world
        self.name = name or f"{profile.name}-{time.monotonic_ns()}"
        # A server of its own: a tmux that has lost its last session is about to end, and
        # whoever asks it for a new one in that moment is turned away.
        self.socket = str(self.world.directory / f"{self.name}.tmux")
        env = {**self.world.environment, **(environment or {})}
        keep = {k: v for k, v in env.items() if k not in ("TMUX", "TMUX_PANE")}
        command = " ".join(f"'{w}'" for w in profile.command(*words))
        self._tmux("new-session", "-d", "-s", self.name, "-x", str(columns), "-y", str(rows),
                   f"{command}; echo \"[sennit ended: $?]\"; exec cat", env=keep)
        self._tmux("set-option", "-g", "status", "off", env=keep)
        self._tmux("set-option", "-s", "escape-time", "0", env=keep)
        self.world.screens.append(self)

    def _tmux(self, *words, env=None):
        done = subprocess.run(["tmux", "-S", self.socket, "-f", "/dev/null", *words],
                              capture_output=True, text=True, env=env or self.world.environment)
        if done.returncode:
            raise Failed(f"tmux {words[0]}: {done.stderr}")
        return done.stdout

    def keys(self, *names):
        """Named keys as tmux has them: Enter, Escape, C-t, M-c, j ..."""
        self._tmux("send-keys", "-t", self.name, *names)

    def type(self, text):
        self._tmux("send-keys", "-t", self.name, "-l", text)

    def text(self):
        return self._tmux("capture-pane", "-p", "-t", self.name)

    def has(self, pattern):
        return re.search(pattern, self.text(), re.MULTILINE)

    def wait(self, pattern, seconds=20):
        try:
            return wait(lambda: self.has(pattern), f"{pattern!r} on the screen", seconds)
        except Failed as failure:
            raise Failed(f"{failure}; the screen is:\n{self.text()}") from None

    def wait_gone(self, pattern, seconds=20):
        try:
            return wait(lambda: not self.has(pattern), f"{pattern!r} gone from the screen", seconds)
        except Failed as failure:
            raise Failed(f"{failure}; the screen is:\n{self.text()}") from None

    def command(self, line):
        """Types a : command."""
        self.keys("Escape")
        self.type(":" + line)
        self.keys("Enter")

    def resize(self, columns, rows):
        self._tmux("resize-window", "-t", self.name, "-x", str(columns), "-y", str(rows))

    def pid(self):
        """The process id of the program (the pane's shell started it)."""
        shell = self._tmux("display-message", "-p", "-t", self.name, "#{pane_pid}").strip()
        children = Path(f"/proc/{shell}/task/{shell}/children").read_text().split()
        return int(children[0]) if children else None

    def close(self):
        """Hangs up, and waits until the program has ended and given the engine's lock back."""
        pid = None
        with contextlib.suppress(Failed, OSError):
            pid = self.pid()
        with contextlib.suppress(Failed):
            self._tmux("kill-server")

        def ended():
            try:
                return "State:\tZ" in Path(f"/proc/{pid}/status").read_text()
            except OSError:
                return True
        if pid:
            wait(ended, f"{self.name} to end after its terminal went away", 10)
        if self in self.world.screens:
            self.world.screens.remove(self)


class Peer:
    """Another XMPP client than sennit (tests/e2e/peer.py), as some contact uses it."""

    def __init__(self, world, user, resource="peer"):
        self.log = world.directory / f"peer-{user}-{time.monotonic_ns()}"
        self.process = subprocess.Popen(
            ["/usr/bin/python3", TOP / "tests" / "e2e" / "peer.py", "127.0.0.1",
             str(world.servers.port("XMPP")), world.servers.ca, f"{user}@example.test/{resource}",
             f"{user}-secret"],
            stdin=subprocess.PIPE, stdout=open(self.log, "wb"), stderr=subprocess.DEVNULL,
            env=world.environment)
        world.processes.append(self.process)
        wait(lambda: any(e["event"] == "online" for e in self.events()), f"{user}'s other client on line")

    def events(self):
        return [json.loads(line) for line in self.log.read_text().splitlines()]

    def messages(self, text=""):
        """What it was sent: the events of messages whose body holds the text."""
        return [e for e in self.events() if e["event"] == "message" and text in (e["body"] or "")]

    def wait_message(self, text, seconds=30):
        return wait(lambda: self.messages(text), f"a message with {text!r}; got {self.messages()}", seconds)[-1]

    def do(self, what, **facts):
        self.process.stdin.write((json.dumps({"do": what, **facts}) + "\n").encode())
        self.process.stdin.flush()

    def send(self, to, body):
        self.do("send", to=to, body=body)

    def away(self, show="xa"):
        self.do("presence", show=show)

    def close(self):
        with contextlib.suppress(OSError):
            self.do("quit")
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


class Proxy(threading.Thread):
    """A TCP relay on loopback that can cut the line: after a number of bytes from the server, or
    once the client has sent a pattern and the server has begun to answer it."""

    def __init__(self, port, cut_after=None, cut_on=None, cuts=1):
        super().__init__(daemon=True)
        self.target, self.cut_after, self.cut_on, self.cuts = port, cut_after, cut_on, cuts
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.cut_count, self.open = 0, True
        self.start()

    def run(self):
        while self.open:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._relay, args=(client,), daemon=True).start()

    def _relay(self, client):
        try:
            server = socket.create_connection(("127.0.0.1", self.target))
        except OSError:
            client.close()
            return
        received = 0
        with client, server, contextlib.suppress(OSError):
            while True:
                for ready in select.select([client, server], [], [], 60)[0]:
                    data = ready.recv(65536)
                    if not data:
                        return
                    if ready is server:
                        received += len(data)
                        if self.cut_count < self.cuts and self.cut_after and received > self.cut_after:
                            self.cut_count += 1
                            return
                        client.sendall(data)
                    else:
                        server.sendall(data)

    def close(self):
        self.open = False
        self.listener.close()


class World:
    def __init__(self, program, servers=True, desktop=True, settings=""):
        """settings: of all its profiles, beside their own."""
        self.settings = settings
        self.directory = Path(tempfile.mkdtemp(prefix="sn-", dir="/tmp"))
        self.directory.chmod(0o755)
        self.program = str(program)
        self.processes, self.screens, self.server_sets = [], [], []
        self.environment = {
            k: v for k, v in os.environ.items()
            if not k.startswith(("XDG_", "DBUS_")) and k not in ("TMUX", "TMUX_PANE", "DISPLAY", "NO_COLOR")}
        self.environment.update(HOME=str(self.directory), LC_ALL="C.UTF-8", TERM="xterm-256color",
                                EDITOR="true", DBUS_SESSION_BUS_ADDRESS="unix:path=/nonexistent")
        self.notifications = self.directory / "notifications"
        self.notifications.write_bytes(b"")
        if desktop:
            self._desktop()
        self.servers = self.add_servers("good") if servers else None
        self.lasting = len(self.processes)

    def add_servers(self, cert="good", names=("dovecot", "postfix", "prosody"), env=None):
        servers = Servers(self.directory / f"s{len(self.server_sets)}", cert, names, env)
        self.server_sets.append(servers)
        return servers

    def _start(self, *words, **kw):
        process = subprocess.Popen(words, stdin=subprocess.DEVNULL, env=self.environment, **kw)
        self.processes.append(process)
        return process

    def _desktop(self):
        """A session bus of our own with a real notification daemon under Xvfb, and a listener."""
        bus = self._start("dbus-daemon", "--session", "--nofork", "--print-address=1",
                          stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        self.environment["DBUS_SESSION_BUS_ADDRESS"] = bus.stdout.readline().decode().strip()
        reader, writer = os.pipe()
        self._start("Xvfb", "-displayfd", str(writer), "-screen", "0", "800x600x24", "-nolisten", "tcp",
                    pass_fds=(writer,), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        os.close(writer)
        self.environment["DISPLAY"] = ":" + os.read(reader, 20).decode().strip()
        self._start("dunst", stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self._start("dbus-monitor", "interface='org.freedesktop.Notifications',member='Notify'",
                    stdout=open(self.notifications, "ab"), stderr=subprocess.DEVNULL)

        def owned():
            done = subprocess.run(
                ["dbus-send", "--session", "--print-reply", "--dest=org.freedesktop.DBus", "/",
                 "org.freedesktop.DBus.NameHasOwner", "string:org.freedesktop.Notifications"],
                capture_output=True, text=True, env=self.environment)
            return "true" in done.stdout
        wait(owned, "the notification daemon on the bus")

    def notified(self, pattern):
        """Has a notification with this text been seen on the bus?"""
        return re.search(pattern, self.notifications.read_text(errors="replace"), re.DOTALL)

    def profile(self, name, **kw):
        return Profile(self, name, **kw)

    def tidy(self):
        """Ends the clients, engines and peers a scenario left; the servers and the desktop stay."""
        for screen in list(self.screens):
            screen.close()
        for process in self.processes[self.lasting:]:
            if process.poll() is None:
                process.terminate()
        for process in self.processes[self.lasting:]:
            try:
                process.wait(5)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        del self.processes[self.lasting:]

    def close(self):
        for screen in list(self.screens):
            screen.close()
        for process in reversed(self.processes):
            if process.poll() is None:
                process.terminate()
        for process in reversed(self.processes):
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(5)
            if process.poll() is None:
                process.kill()
                process.wait()
        for servers in self.server_sets:
            with contextlib.suppress(Failed):
                servers.stop()
        shutil.rmtree(self.directory, ignore_errors=True)


def mail(sender, to, subject, text, message_id=None, when=None, headers=()):
    """A plain email as text; headers: lines added."""
    lines = [f"From: {sender}", f"To: {to}", f"Subject: {subject}",
             f"Date: {email.utils.formatdate(when or time.time(), localtime=True)}",
             f"Message-ID: <{message_id or email.utils.make_msgid(domain='example.test')[1:-1]}>",
             *headers, "MIME-Version: 1.0", "Content-Type: text/plain; charset=utf-8", "", text, ""]
    return "\n".join(lines)


def run_scenarios(scenarios, program, only=()):
    """Runs functions that take a World; prints ok/FAILED per scenario; exit code."""
    failures = 0
    # The same people come with sennit and with plain clients, which could not read what is encrypted
    # for their sennit; OMEMO has scenarios of its own (omemo.py).
    world = World(program, settings="[im]\nomemo = false\n")
    try:
        for scenario in scenarios:
            name = scenario.__doc__.strip().split("\n")[0]
            if only and not any(word in scenario.__name__ for word in only):
                continue
            begun = time.monotonic()
            try:
                scenario(world)
                print(f"ok      {name}", flush=True)
            except Exception as failure:  # a scenario that breaks must not hide the others
                failures += 1
                print(f"FAILED  {name}\n        " + str(failure).replace("\n", "\n        ")
                      + ("" if isinstance(failure, Failed) else f" ({type(failure).__name__})"), flush=True)
            world.tidy()
            if os.environ.get("SENNIT_E2E_TIMES"):
                print(f"        {time.monotonic() - begun:.1f} s", file=sys.stderr)
    finally:
        world.close()
    return 1 if failures else 0


class Story:
    """sennit and another client on one XMPP server: steps that need each other, printed as TAP."""

    def __init__(self, program):
        self.world = World(program, servers=False, desktop=False)
        self.world.servers = self.world.add_servers(names=("prosody",))
        self.count, self.failed = 0, False

    def check(self, name, function):
        self.count += 1
        try:
            function()
            print(f"ok {self.count} - {name}", flush=True)
        except Failed as failure:
            self.failed = True
            print(f"not ok {self.count} - {name}", flush=True)
            for line in str(failure).splitlines():
                print(f"# {line}", flush=True)
            if self.count == 1:
                raise  # without the first nothing else can be

    def profile(self, user):
        accounts = (f"[{user}]\nim = xmpp://{user}@example.test\n"
                    f"im-host = localhost:{self.servers.port('XMPP')}\n"
                    f"password-command = echo {user}-secret\nca-file = {self.servers.ca}\n")
        return Profile(self.world, user, accounts=accounts)

    @property
    def servers(self):
        return self.world.servers
