#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""kill -9 at every step of delivery, with real servers, and a count of what arrived.

    kills.py [--builddir DIR] [--workers N]              one kill at each step; prints TAP
    kills.py --long [--rounds N] [--random N] [--table FILE]
                                    several kills at each step and at random moments; writes the table

A case queues a message with `sennit send`, lets `sennit engine` run until it is killed at the step,
starts it again without faults, waits until the entry is final or asks the user, and counts what the
other side has: files in the recipient's Maildir, stanzas another client received, the recipient's
archive, copies in Sent. Steps are the points of src/base/fault.h; one that no case passes is a
failure.
"""

import argparse
import collections
import os
import random
import re
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
TOP = HERE.parents[1]
sys.path.insert(0, str(TOP / "tests" / "e2e"))
from world import Failed, Peer, Profile, World, wait  # noqa: E402

FINAL = ("accepted", "delivered", "read", "failed", "cancelled", "choosing")
KILLED = -signal.SIGKILL

# How each scenario sends; `parts`: stanzas that belong to the message.
Scenario = collections.namedtuple("Scenario", "channel words attach parts", defaults=((), 0, 1))
SCENARIOS = {
    "mail": Scenario("mail", ("--via", "mail")),
    "large mail": Scenario("mail", ("--via", "mail"), 300_000),
    "mail without reports": Scenario("mail", ("--via", "mail")),
    "command": Scenario("command", ("--via", "mail")),
    "im": Scenario("im", ("--via", "im")),
    "im with a file": Scenario("im", ("--via", "im"), 40_000, 2),
    "im that becomes a mail": Scenario("im, mail", ("--via", "im", "--if-unavailable", "mail")),
    "question": Scenario("im", ("--via", "im", "--if-unavailable", "ask-them")),
}

CHANGE = ("change-begin", "change-written", "change-committed", "change-durable")
SHORT_CHANGE = CHANGE[:3]  # nothing goes out after these rows, so they are not flushed at once


def plan():
    """(scenario, place, passing): one kill for each."""
    cases = [("mail", p, 1) for p in ("queue-written", "queue-committed", "queue-durable")]
    cases += [("mail", f"{p}/{e}", 1) for e in ("ready", "hand-over") for p in CHANGE]
    cases += [("mail", f"{p}/accepted", 1) for p in SHORT_CHANGE]
    cases += [("mail", p, 1) for p in (
        "submitted/mail", "smtp-connected", "smtp-mail", "smtp-rcpt", "smtp-data", "smtp-text",
        "smtp-released", "smtp-dot", "smtp-answered", "copy-searched", "copy-appended")]
    cases += [("large mail", "smtp-half", 1)]
    # the same where nobody can know, with a server that sends no reports of delivery
    cases += [("mail without reports", p, 1) for p in (
        "change-committed/hand-over", "smtp-released", "smtp-dot", "smtp-answered",
        "change-written/accepted")]
    cases += [("command", p, 1) for p in (
        "command-ready", "command-released", "command-started", "command-ended")]
    cases += [("im", p, 1) for p in ("queue-written", "queue-committed", "queue-durable")]
    cases += [("im", f"{p}/ready", 1) for p in CHANGE]
    cases += [("im", f"{p}/accepted", 1) for p in SHORT_CHANGE]
    cases += [("im", p, 1) for p in ("submitted/im", "im-queued", "im-written", "im-acked")]
    cases += [("im with a file", p, n) for p, n in (
        ("submitted/upload", 1), ("upload-slot", 1), ("upload-half", 1), ("upload-put", 1),
        ("upload-noted", 1), ("change-begin/step", 1), ("change-written/step", 1),
        ("change-durable/step", 1), ("im-written", 1), ("change-begin/step", 2),
        ("change-written/step", 2), ("change-durable/step", 2), ("im-written", 2), ("im-acked", 2))]
    cases += [("im that becomes a mail", p, 1) for p in (
        "change-begin/mail", "convert-queued", "convert-marked", "change-written/mail",
        "change-committed/mail")]
    cases += [("question", p, 1) for p in (
        "change-written/ask-them", "change-durable/ask-them", "submitted/question", "im-written",
        "im-acked", "change-begin/step", "change-committed/step", "answer-filed",
        "change-begin/send", "change-committed/send")]
    # killed once, and again while it looks up what became of it
    cases += [("mail", f"smtp-dot,{p}", 1) for p in ("check-submitted/mail", "check-answered/mail")]
    cases += [("im", f"im-written,{p}", 1) for p in ("check-submitted/im", "check-answered/im")]
    return cases


# Where nobody can know: between the moment the last word may go and the row that says it went.
DOUBT = re.compile(r"^(random|change-(committed|durable)/hand-over|smtp-(released|dot|answered)|"
                   r"change-(begin|written)/accepted|command-(released|started|ended))")


def table_of_points():
    text = (TOP / "src" / "base" / "fault.h").read_text()
    return dict(re.findall(r'X\([A-Z_]+, "([a-z-]+)",\s+"([^"]+)"\)', text))


def points_in_sources():
    """The names of the table that a source file passes."""
    passed = set()
    for folder in ("src", "backends", "ui"):
        for path in (TOP / folder).rglob("*.c"):
            passed |= set(re.findall(r"sn_fault(?:_of)?\(([A-Z_]+)", path.read_text()))
    return {name.lower().replace("_", "-") for name in passed}


# Steps of a question that come after the contact's answer.
ANSWERED = ("answer-filed", "change-begin/send", "change-committed/send")


class Result:
    def __init__(self, scenario, place, passing):
        self.scenario, self.place, self.passing = scenario, place, passing
        self.kills = self.lost = self.doubled = self.asked = self.arrived = 0
        self.trouble = ""

    def verdict(self):
        if self.trouble:
            return self.trouble
        if self.lost or self.doubled:
            return f"lost {self.lost}, doubled {self.doubled}"
        if self.asked and not (DOUBT.match(self.place) and SCENARIOS[self.scenario].channel != "im"):
            return "the user was asked without need"
        return ""


class Worker:
    """One person who sends (with a profile for SMTP and one for a command), and one who receives."""

    def __init__(self, bench, number):
        self.bench, self.world = bench, bench.world
        self.me, self.them = f"ann{number}", f"ben{number}"
        self.random = random.Random(number)
        contacts = self.world.directory / f"contacts{number}"
        contacts.mkdir()
        (contacts / "them.vcf").write_text(
            f"BEGIN:VCARD\r\nVERSION:3.0\r\nFN:Ben {number}\r\nEMAIL:{self.them}@example.test\r\n"
            f"IMPP:xmpp:{self.them}@example.test\r\nEND:VCARD\r\n")
        settings = f"[general]\nvdir = {contacts}\n[delivery]\nundo-mail = 0s\nask-timeout = 1h\nask-again = 0s\n"
        self.profile = Profile(self.world, self.me, settings=settings)
        self.profiles = {"command": self._with_command(settings),
                         "mail without reports": self._without_reports(settings)}
        self.peer = Peer(self.world, self.them)
        self.show, self.heard, self.known = None, 0, 0

    def _with_command(self, settings):
        """The same account, but email goes through a command, which hands it to the same server."""
        servers, secret = self.world.servers, self.profile.directory / "secret"
        program = self.world.directory / f"send-{self.me}"
        program.write_text(
            "#!/bin/sh\nexec curl -sS --ssl-reqd --cacert '%s' --url smtp://localhost:%d "
            "--user '%s@example.test:%s-secret' --mail-from \"$3\" --mail-rcpt \"$5\" "
            "--upload-file -\n" % (servers.ca, servers.port("SMTP"), self.me, self.me))
        program.chmod(0o755)
        accounts = (f"[{self.me}]\nfrom = Ann <{self.me}@example.test>\n"
                    f"source = imaps://{self.me}%40example.test@localhost:{servers.port('IMAPS')}\n"
                    f"outgoing = {program}\npassword-command = cat {secret}\nca-file = {servers.ca}\n")
        return Profile(self.world, f"{self.me}-command", settings=settings, accounts=accounts)

    def _without_reports(self, settings):
        servers, user = self.world.servers, f"{self.me}%40example.test"
        accounts = (f"[{self.me}]\nfrom = Ann <{self.me}@example.test>\n"
                    f"source = imaps://{user}@localhost:{servers.port('IMAPS')}\n"
                    f"outgoing = smtps://{user}@localhost:{servers.port('SMTPS')}\n"
                    f"password-command = cat {self.profile.directory / 'secret'}\n"
                    f"ca-file = {servers.ca}\n")
        return Profile(self.world, f"{self.me}-plain", settings=settings, accounts=accounts)

    def be(self, show):
        if show != self.show:
            before = sum(e["event"] == "did" for e in self.peer.events())
            self.peer.do("presence", show=show)
            wait(lambda: sum(e["event"] == "did" for e in self.peer.events()) > before, "a presence")
            self.show = show

    # ---- the program, to be killed ----

    def environment(self, place=None, passing=1):
        extra = {"SENNIT_FAULT_LOG": str(self.bench.log)}
        if place:
            extra["SENNIT_FAULT"] = f"{place}:{passing}"
        return {**self.world.environment, **extra}

    def start(self, profile, place=None, passing=1):
        log = open(profile.directory / "engine.out", "ab")
        process = subprocess.Popen(profile.command("engine"), stdin=subprocess.DEVNULL, stdout=log,
                                   stderr=log, env=self.environment(place, passing))
        self.world.processes.append(process)
        return process

    def stop(self, process):
        if process.poll() is None:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def send(self, profile, scenario, token, place=None):
        words = ["send", "--to", f"{self.them}@example.test", *scenario.words]
        if "mail" in scenario.words[:2]:
            words += ["--subject", token]
        if scenario.attach:
            path = self.world.directory / f"{token}.bin"
            path.write_bytes(self.random.randbytes(scenario.attach))
            words += ["--attach", str(path)]
        done = subprocess.run(profile.command(*words), input=f"{token} is on its way\n", text=True,
                              capture_output=True, env=self.environment(place), timeout=60)
        if done.returncode not in (0, KILLED):
            raise Failed(f"sennit send: exit {done.returncode}: {done.stderr}")
        return done.returncode == 0

    def entries(self, profile, token):
        """The entry of the message, and the one it became: all since it was queued."""
        return sorted((e for e in profile.outbox() if e["id"] > self.known), key=lambda e: e["id"])

    # ---- what the other side has ----

    def stanzas(self, token):
        """How often each stanza of the message arrived, live and in the archive."""
        live = collections.Counter(m["id"] for m in self.peer.messages() if token in m["raw"])
        kept = collections.Counter()
        for path in (Path(self.world.servers.env["SN_DIR"]) / "prosody" / "data").rglob("*"):
            if not path.is_file() or "archive" not in str(path) or path.name != f"{self.them}.list":
                continue
            for item in path.read_text(errors="replace").split("item(")[1:]:
                found = re.search(r'\["?id"?\]\s*=\s*"([0-9a-zA-Z.-]+)"', item)
                if token in item and found:
                    kept[re.findall(r'\["id"\] = "([0-9a-zA-Z.-]+)"', item)[-1]] += 1
        return live, kept

    def mails(self, token):
        return sum(token.encode() in raw for raw in self.world.servers.mails(self.them))

    def copies(self, token):
        return sum(token.encode() in raw for raw in self.world.servers.mails(self.me, "Sent"))

    # ---- a case ----

    def run(self, case, result):
        name, places, passing = case
        scenario = SCENARIOS[name]
        profile = self.profiles.get(name, self.profile)
        token = f"k{self.bench.serial()}x{self.random.randrange(1 << 32):08x}"
        self.be({"im that becomes a mail": "xa", "question": "dnd"}.get(name))
        self.known = max((e["id"] for e in profile.outbox()), default=0)
        places = places.split(",")
        at_send = places[0].startswith("queue-")
        confirmed = self.send(profile, scenario, token, places[0] if at_send else None)
        if at_send:
            if confirmed:
                raise Failed("sennit send was not killed")
            result.kills += 1
            places = places[1:]
        for place in places:
            self.killed(profile, scenario, token, place, passing, name)
            result.kills += 1
        self.finish(profile, name, token, confirmed, result)

    def killed(self, profile, scenario, token, place, passing, name):
        if place.startswith("random/"):
            self.killed_after(profile, int(place.split("/")[1]))
            return
        process = self.start(profile, place, passing)
        try:
            if name == "question" and place in ANSWERED:
                self.answer(token)
            code = process.wait(25)
        except subprocess.TimeoutExpired:
            raise Failed(f"never came to {place}:{passing}; {self.entries(profile, token)}") from None
        finally:
            self.stop(process)
        if code != KILLED:
            raise Failed(f"ended with {code} before {place}")

    def killed_after(self, profile, milliseconds):
        """By the clock: wherever it is then."""
        process = self.start(profile)
        time.sleep(milliseconds / 1000)  # the moment is the point, not a wait for something
        process.kill()
        process.wait()

    def answer(self, token):
        """The contact's other client answers the question, once it is there."""
        wait(lambda: len(self.asked()) > self.heard, f"the question about {token}", 25)
        self.heard = len(self.asked())
        self.peer.send(f"{self.me}@example.test", "now")

    def asked(self):
        """The questions the contact got."""
        return [m for m in self.peer.messages() if "quick-response" in m["raw"]]

    def finish(self, profile, name, token, confirmed, result):
        scenario = SCENARIOS[name]
        process = self.start(profile)
        try:
            if name == "question":
                self.finish_question(profile, token, result)
            state = self.settle(profile, token, confirmed, scenario)
            self.count(profile, name, token, confirmed, state, result)
        except Failed as failure:
            raise Failed(f"{failure}; {self.last_words(profile, process)}") from None
        finally:
            self.stop(process)

    @staticmethod
    def last_words(profile, process):
        """What a failure of the engine needs to be understood."""
        said = (profile.directory / "engine.out").read_text(errors="replace")[-600:]
        threads = ""
        if process.poll() is None and os.environ.get("SENNIT_KILL_STACKS"):
            threads = subprocess.run(["gdb", "-p", str(process.pid), "-batch", "-ex", "thread apply all bt 14"],
                                     capture_output=True, text=True).stdout
        return f"the engine ended with {process.poll()} and said: {said} {threads}"

    def finish_question(self, profile, token, result):
        """An answer that was given before the kill counts; else the contact answers now."""
        def is_over():
            entries = self.entries(profile, token)
            return entries and entries[-1]["state"] in FINAL
        wait(lambda: len(self.asked()) > self.heard or is_over(), f"the question about {token}", 25)
        fresh = len(self.asked()) - self.heard
        if fresh > 0:
            self.answer(token)
        result.doubled += fresh > 1

    def settle(self, profile, token, confirmed, scenario):
        """Waits for the end; one who asks gets a moment in which a report may settle it."""
        def look():
            entries = self.entries(profile, token)
            if not entries:
                return "none"
            state = entries[-1]["state"]
            return state if state in FINAL else None
        try:
            state = wait(look, f"{token} final", 30)
        except Failed as failure:
            raise Failed(f"{failure}; it is {self.entries(profile, token)}") from None
        if state == "choosing":
            end = time.monotonic() + 3
            while time.monotonic() < end and look() == "choosing":
                time.sleep(0.2)
            state = look()
        if state == "none" and confirmed:
            raise Failed("the entry is gone")
        return state

    def count(self, profile, name, token, confirmed, state, result):
        scenario = SCENARIOS[name]
        by_mail = scenario.channel != "im"
        gone = state in ("accepted", "delivered", "read")

        def there():
            if by_mail:
                return self.mails(token) >= 1 and self.copies(token) >= 1
            return len(self.stanzas(token)[1]) >= scenario.parts
        if gone:
            try:
                wait(there, "the message at the other side", 10)
            except Failed:
                pass
        live, kept = self.stanzas(token)
        mails, copies = self.mails(token), self.copies(token)
        worst = max([*live.values(), *kept.values(), mails, copies, 0])
        complete = mails >= 1 and copies >= 1 if by_mail else len(kept) >= scenario.parts
        if by_mail and (live or kept):
            worst = max(worst, 2)  # it went on both channels
        result.arrived += mails if by_mail else bool(kept)
        result.doubled += worst > 1
        result.asked += state == "choosing"
        result.lost += state == "failed" or (gone and not complete)
        if result.lost or result.doubled or state == "failed":
            result.trouble = (f"{state}: {mails} mails, {copies} copies in Sent, live {dict(live)}, "
                              f"archive {dict(kept)}; {self.entries(profile, token)}")


class Bench:
    def __init__(self, builddir, workers):
        libs = builddir / ".libs"
        self.world = World(libs / "sennit", servers=False, desktop=False)
        self.world.environment.update(LD_LIBRARY_PATH=str(libs), SENNIT_MODULES=str(libs))
        pairs = " ".join(f"ann{n}:ben{n}" for n in range(workers))
        self.log = self.world.directory / "points"
        self.last, self.lock = 0, threading.Lock()
        try:
            self.world.servers = self.world.add_servers(
                env={"SN_PAIRS": pairs, "SN_SMTPS_NO_REPORTS": "yes"})
            self.workers = [Worker(self, n) for n in range(workers)]
        except BaseException:
            self.world.close()
            raise

    def serial(self):
        with self.lock:
            self.last += 1
            return self.last

    def run(self, cases, say):
        """Runs all; results in the order of the cases."""
        results = [Result(*case) for case in cases]
        queue = collections.deque(enumerate(cases))

        def work(worker):
            while True:
                with self.lock:
                    if not queue:
                        return
                    number, case = queue.popleft()
                begun = time.monotonic()
                try:
                    worker.run(case, results[number])
                except (Failed, OSError, subprocess.SubprocessError, ValueError) as failure:
                    results[number].trouble = str(failure)
                with self.lock:
                    say(number, results[number], time.monotonic() - begun)
        threads = [threading.Thread(target=work, args=(w,), daemon=True) for w in self.workers]
        for thread in threads:
            thread.start()
        for thread in threads:
            while thread.is_alive():
                thread.join(0.5)
        return results

    def passed(self):
        return {line.split("/")[0] for line in self.log.read_text().split()} if self.log.exists() else set()


def check_points(passed):
    """(name, problem) for the table of points itself."""
    table = set(table_of_points())
    missing = sorted(table - points_in_sources())
    yield "every point of the table stands in the sources", " ".join(missing)
    yield "every point of the table was passed", " ".join(sorted(table - passed))


def short(bench):
    cases = plan()
    names = [f"killed at {place}{'' if n == 1 else f' ({n})'}: {name}" for name, place, n in cases]
    print(f"1..{len(cases) + 2}", flush=True)

    told = []
    done = {}  # TAP wants them in order

    def say(number, result, seconds):
        problem = result.verdict()
        done[number] = f"{'not ' if problem else ''}ok {number + 1} - {names[number]}"
        if os.environ.get("SENNIT_KILL_TIMES"):
            done[number] += f"\n# {seconds:.1f} s"
        if problem:
            done[number] += "\n# " + problem.replace("\n", "\n# ")
        while len(told) in done:
            print(done[len(told)], flush=True)
            told.append(number)
    bad = any(r.verdict() for r in bench.run(cases, say))
    for number, (name, problem) in enumerate(check_points(bench.passed())):
        print(f"{'not ' if problem else ''}ok {len(cases) + 1 + number} - {name}")
        if problem:
            print(f"# {problem}")
            bad = True
    return 1 if bad else 0


# ---- the table ----

CHANNELS = {"mail": "SMTP", "large mail": "SMTP", "mail without reports": "SMTP, no reports",
            "command": "sendmail", "im": "IM", "im with a file": "IM with a file",
            "im that becomes a mail": "IM to email", "question": "question by IM"}
STEPS = {"ready": "sending", "hand-over": "the last word may go", "accepted": "accepted",
         "step": "a part is done", "mail": "becomes an email", "ask-them": "asked",
         "send": "the contact says: now", "im": "", "upload": "", "question": ""}


def step_words(place, passing):
    words = []
    for one in place.split(","):
        point, _, tag = one.partition("/")
        text = "at a random moment" if point == "random" else table_of_points()[point]
        if tag and point.startswith("change-") and STEPS.get(tag):
            text = f"{STEPS[tag]}: {text}"
        words.append(text)
    return "; then ".join(words) + (f" ({passing}.)" if passing > 1 else "")


def write_table(path, results, passed):
    rows = collections.OrderedDict()
    for r in results:
        row = rows.setdefault((CHANNELS[r.scenario], step_words(r.place, r.passing)), [0, 0, 0, 0])
        for i, value in enumerate((r.kills, r.lost, r.doubled, r.asked)):
            row[i] += value
    total = [sum(column) for column in zip(*rows.values())]
    kills, lost, doubled, asked = total
    lines = [
        f"The engine was killed {kills} times with SIGKILL, at {len(passed)} steps and at random moments, "
        "between real servers (Dovecot, Postfix, Prosody); then it was started again, and what the "
        "other side has was counted: files in the recipient's mailbox, stanzas that another client of "
        "the recipient got and that the archive keeps, copies in Sent. "
        f"Lost: {lost}. Doubled: {doubled}. "
        f"In {asked} cases nobody can know, and the user was asked. `make kill-table` counts again.", "",
        "| channel | killed where | kills | lost | doubled | asked |", "|---|---|--:|--:|--:|--:|"]
    lines += [f"| {channel} | {step} | {' | '.join(map(str, row))} |" for (channel, step), row in rows.items()]
    lines += [f"| | **all** | **{kills}** | **{lost}** | **{doubled}** | **{asked}** |", "",
              "Asked is only about an email, and only between the moment when the last word may go and "
              "the row that says it went. What went through a server that reports is settled by its "
              "report; what had not gone, and what went without a report, is left to the user."]
    path.write_text("\n".join(lines) + "\n")


def random_cases(count):
    """Kills by time: after so many milliseconds, whatever it does then."""
    moments = random.Random(4)
    names = ["mail", "im", "im with a file", "mail without reports", "im that becomes a mail"]
    return [(names[i % len(names)], f"random/{moments.randrange(5, 900)}", 1) for i in range(count)]


def long(bench, rounds, by_time, path):
    cases = plan() * rounds + random_cases(by_time)
    begun = time.monotonic()

    def say(number, result, seconds):
        problem = result.verdict()
        if problem:
            print(f"{result.scenario} {result.place}: {problem}", flush=True)
        if number % 50 == 0:
            print(f"{number} of {len(cases)}, {time.monotonic() - begun:.0f} s", file=sys.stderr, flush=True)
    results = bench.run(cases, say)
    bad = [r for r in results if r.verdict()]
    write_table(path, results, bench.passed())
    print(f"{len(results)} cases, {len(bad)} with trouble; see {path}")
    return 1 if bad else 0


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--builddir", type=Path, default=Path(os.environ.get("TOP_BUILDDIR", ".")))
    parser.add_argument("--workers", type=int, default=4)
    parser.add_argument("--only", default="", help="cases that match")
    parser.add_argument("--long", action="store_true")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--random", type=int, default=60)
    parser.add_argument("--table", type=Path, default=TOP / "docs" / "delivery-kills.txt")
    options = parser.parse_args()
    if options.only:
        cases = [c for c in plan() if re.search(options.only, f"{c[0]}: {c[1]}")]
        globals()["plan"] = lambda: cases
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # the servers are stopped then, too
    bench = Bench(options.builddir.resolve(), options.workers)
    try:
        if options.long:
            return long(bench, options.rounds, options.random, options.table)
        return short(bench)
    finally:
        bench.world.close()


if __name__ == "__main__":
    sys.exit(main())
