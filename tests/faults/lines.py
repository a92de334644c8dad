#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bad lines between `sennit engine` and real servers: swallowed answers, cuts, stalls, data that
comes late. Prints TAP; counts at the receiving side as kills.py does.

The engine stops at a named step of delivery (src/base/fault.h), the line is spoiled there, and the
engine goes on: so each case hits the same moment every time.
"""

import argparse
import os
import select
import signal
import socket
import sys
import threading
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
import kills  # noqa: E402
from kills import SCENARIOS, Bench, Failed, Profile, wait  # noqa: E402


TURN = 0.02  # seconds; how soon a relay sees that its mode has changed


class Line(threading.Thread):
    """A relay that can swallow or hold what goes up (to the server) or down, and cut."""

    def __init__(self, target):
        super().__init__(daemon=True)
        self.target = target
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.up = self.down = "pass"  # pass, drop, hold
        self.pairs = []
        self.start()

    def run(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            server = socket.create_connection(("127.0.0.1", self.target))
            pair = [client, server, False]
            self.pairs.append(pair)
            threading.Thread(target=self._relay, args=(pair,), daemon=True).start()

    def _relay(self, pair):
        """pair[2]: the mode is frozen as it was for this connection, until release()."""
        client, server = pair[0], pair[1]
        try:
            while True:
                up, down = pair[2] or (self.up, self.down)
                watched = [s for s, mode in ((client, up), (server, down)) if mode != "hold"]
                for ready in select.select(watched, [], [], TURN)[0]:
                    data = ready.recv(65536)
                    if not data:
                        return
                    if ready is client and up == "pass":
                        server.sendall(data)
                    elif ready is server and down == "pass":
                        client.sendall(data)
        except (OSError, ValueError):
            pass
        finally:
            for one in (client, server):
                one.close()

    def spoil(self, up="pass", down="pass"):
        self.up, self.down = up, down
        time.sleep(3 * TURN)  # until every relay has looked

    def cut(self):
        """All connections, at once."""
        for client, server, _ in self.pairs:
            for one in (client, server):
                try:
                    one.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass
        self.pairs = []

    def keep(self):
        """What is open now stays as it is; new connections pass."""
        for pair in self.pairs:
            pair[2] = (self.up, self.down)
        self.spoil()

    def release(self):
        for pair in self.pairs:
            pair[2] = ("pass", "pass")


class Desk:
    """A worker whose account goes through two lines."""

    def __init__(self, worker):
        self.worker, world = worker, worker.world
        servers, user = world.servers, f"{worker.me}%40example.test"
        self.im, self.smtp = Line(servers.port("XMPP")), Line(servers.port("SMTP"))
        accounts = (f"[{worker.me}]\nfrom = Ann <{worker.me}@example.test>\n"
                    f"source = imaps://{user}@localhost:{servers.port('IMAPS')}\n"
                    f"outgoing = smtp+starttls://{user}@localhost:{self.smtp.port}\n"
                    f"im = xmpp://{worker.me}@example.test\nim-host = localhost:{self.im.port}\n"
                    f"password-command = cat {worker.profile.directory / 'secret'}\n"
                    f"ca-file = {servers.ca}\n")
        settings = (worker.profile.directory / "sennit.conf").read_text() + "retry = 1s\nretry-max = 2s\n"
        self.profile = Profile(world, f"{worker.me}-line", settings=settings, accounts=accounts)
        self.engine = None

    def send(self, name, place=None, passing=1):
        """Queues a message and runs the engine until it stands at the step."""
        worker = self.worker
        worker.be(None)
        self.token = f"l{worker.bench.serial()}x{worker.random.randrange(1 << 32):08x}"
        self.name, self.scenario = name, SCENARIOS[name]
        worker.known = max((e["id"] for e in self.profile.outbox()), default=0)
        worker.send(self.profile, self.scenario, self.token)
        self.start(place, passing)

    def start(self, place=None, passing=1):
        log = open(self.profile.directory / "engine.out", "ab")
        environment = {**self.worker.environment(place, passing), "SENNIT_FAULT_STOP": "1"}
        self.engine = kills.subprocess.Popen(self.profile.command("engine"), stdin=kills.subprocess.DEVNULL,
                                             stdout=log, stderr=log, env=environment)
        self.worker.world.processes.append(self.engine)
        if place:
            self.wait_stopped(place)

    def wait_stopped(self, place):
        status = Path(f"/proc/{self.engine.pid}/stat")
        wait(lambda: status.read_text().rsplit(")", 1)[1].split()[0] == "T", f"the engine at {place}", 25)

    def go_on(self):
        self.engine.send_signal(signal.SIGCONT)

    def kill(self):
        self.engine.kill()
        self.engine.wait()

    def arrived(self):
        """How many copies of the message, at worst, the other side has."""
        worker = self.worker
        if self.scenario.channel != "im":
            return worker.mails(self.token)
        live, kept = worker.stanzas(self.token)
        return max([*live.values(), *kept.values(), 0])

    def wait_arrived(self):
        wait(self.arrived, f"{self.token} at the other side", 20)

    def end(self, states=("accepted", "delivered", "read"), settled=0.5):
        """The message is where it should be, once, and stays so."""
        result = kills.Result(self.name, "", 1)
        try:
            state = self.worker.settle(self.profile, self.token, True, self.scenario)
            if state not in states:
                raise Failed(f"{state}, not {' or '.join(states)}: {self.worker.entries(self.profile, self.token)}")
            if state != "choosing":
                self.wait_arrived()
            time.sleep(settled)  # whatever is late comes now
            if self.arrived() > 1:
                raise Failed(f"arrived {self.arrived()} times: {self.worker.entries(self.profile, self.token)}")
            self.worker.count(self.profile, self.name, self.token, True, state, result)
            if result.lost or result.doubled:
                raise Failed(result.trouble)
        finally:
            if self.engine.poll() is None:
                self.engine.send_signal(signal.SIGCONT)
            self.worker.stop(self.engine)
            self.im.spoil()
            self.smtp.spoil()


CASES = []


def case(function):
    CASES.append(function)
    return function


# ---- SMTP ----

@case
def swallowed_answer(desk):
    """SMTP: the answer to the text is swallowed; a report settles it"""
    desk.send("mail", "smtp-released")
    desk.smtp.spoil(down="drop")
    desk.go_on()
    desk.wait_arrived()
    desk.smtp.cut()
    desk.smtp.spoil()
    desk.end()


@case
def cut_in_the_text(desk):
    """SMTP: cut in the middle of the text; it is sent again without a question"""
    desk.send("large mail", "smtp-half")
    desk.smtp.cut()
    desk.go_on()
    desk.end()


@case
def vanished_text(desk):
    """SMTP: all of the text vanishes on the way, then the line is cut; nobody can know"""
    desk.send("large mail", "smtp-data")
    desk.smtp.spoil(up="drop")
    desk.go_on()
    time.sleep(0.3)
    desk.smtp.cut()
    desk.smtp.spoil()
    desk.end(states=("choosing",))


@case
def cut_before_the_dot(desk):
    """SMTP: cut when all but the final dot is there; the dot may have gone, so a report is awaited"""
    desk.send("mail", "smtp-released")
    desk.smtp.cut()
    desk.go_on()
    # The server never had the dot, and nobody can know: asked, and not sent twice.
    desk.end(states=("choosing",))


@case
def stalled_text(desk):
    """SMTP: the line stalls in the text and comes back"""
    desk.send("large mail", "smtp-half")
    desk.smtp.spoil(up="hold", down="hold")
    desk.go_on()
    time.sleep(1.5)
    desk.smtp.spoil()
    desk.end()


@case
def late_dot(desk):
    """SMTP: the final dot is late"""
    desk.send("mail", "smtp-released")
    desk.smtp.spoil(up="hold")
    desk.go_on()
    time.sleep(1.5)
    if desk.arrived():
        raise Failed("the line did not hold it")
    desk.smtp.spoil()
    desk.end()


# ---- XMPP ----

@case
def lost_ack(desk):
    """IM: it arrives, the XEP-0198 ack does not, the line is cut"""
    desk.send("im", "im-queued")
    desk.im.spoil(down="drop")
    desk.go_on()
    desk.wait_arrived()
    desk.im.cut()
    desk.im.spoil()
    desk.end()


@case
def lost_stanza(desk):
    """IM: it vanishes on the way, the line is cut"""
    desk.send("im", "im-queued")
    desk.im.spoil(up="drop")
    desk.go_on()
    time.sleep(0.3)
    if desk.arrived():
        raise Failed("the line did not drop it")
    desk.im.cut()
    desk.im.spoil()
    desk.end()


@case
def cut_after_the_ack(desk):
    """IM: cut right after the XEP-0198 ack"""
    desk.send("im", "im-acked")
    desk.im.cut()
    desk.go_on()
    desk.end()


@case
def stalled_im(desk):
    """IM: the line stalls and comes back"""
    desk.send("im", "im-queued")
    desk.im.spoil(up="hold", down="hold")
    desk.go_on()
    time.sleep(1.5)
    desk.im.spoil()
    desk.end()


@case
def late_stanza(desk):
    """IM: it is late; meanwhile a new connection was made and it went there"""
    desk.send("im", "im-queued")
    desk.im.spoil(up="hold", down="hold")
    desk.go_on()
    time.sleep(0.3)
    desk.im.keep()
    desk.kill()
    desk.start()
    wait(desk.arrived, "the message, over the new connection", 20)
    desk.im.release()
    desk.end(settled=1.5)


@case
def cut_between_parts(desk):
    """IM with a file: the line is cut between text and file"""
    desk.send("im with a file", "im-acked")
    desk.im.cut()
    desk.go_on()
    desk.end()


@case
def cut_often(desk):
    """IM with a file: the line is cut again and again"""
    desk.send("im with a file", "im-queued")
    desk.go_on()
    for _ in range(6):
        time.sleep(0.15)
        desk.im.cut()
    desk.end()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--builddir", type=Path, default=Path(os.environ.get("TOP_BUILDDIR", ".")))
    parser.add_argument("--only", default="", help="cases whose name has this")
    options = parser.parse_args()
    cases = [c for c in CASES if options.only in c.__name__]
    print(f"1..{len(cases)}", flush=True)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # the servers are stopped then, too
    bench = Bench(options.builddir.resolve(), 1)
    bad = False
    try:
        desk = Desk(bench.workers[0])
        for number, one in enumerate(cases):
            try:
                one(desk)
                print(f"ok {number + 1} - {one.__doc__}", flush=True)
            except (Failed, OSError) as failure:
                bad = True
                print(f"not ok {number + 1} - {one.__doc__}\n# " + str(failure).replace("\n", "\n# "), flush=True)
                if desk.engine and desk.engine.poll() is None:
                    desk.kill()
                desk.im.spoil()
                desk.smtp.spoil()
    finally:
        bench.world.close()
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
