# SPDX-License-Identifier: GPL-3.0-or-later
"""init.py SENNIT - sets accounts up as somebody does who has never seen sennit.

In a network namespace of its own, whose DNS server is dnsmasq: example.test announces its servers by
SRV records, later by autoconfig as well; foreign.test names servers of example.test; empty.test has
nothing. Prints TAP.
"""

import http.server
import os
import pty
import re
import select
import signal
import ssl
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from world import Failed, Servers, wait  # noqa: E402

SENNIT = Path(sys.argv[1]).resolve()
AUTOCONFIG = """<?xml version="1.0"?>
<clientConfig version="1.1"><emailProvider id="example.test"><domain>example.test</domain>
<incomingServer type="pop3"><hostname>pop.example.test</hostname><port>995</port>
<socketType>SSL</socketType><username>%EMAILADDRESS%</username></incomingServer>
<incomingServer type="imap"><hostname>imap.example.test</hostname><port>{imap}</port>
<socketType>STARTTLS</socketType><username>%EMAILADDRESS%</username>
<authentication>password-cleartext</authentication></incomingServer>
<outgoingServer type="smtp"><hostname>smtp.example.test</hostname><port>{smtp}</port>
<socketType>STARTTLS</socketType><username>%EMAILADDRESS%</username>
<authentication>password-cleartext</authentication></outgoingServer>
</emailProvider></clientConfig>"""


class Person:
    """Somebody at a terminal: reads what is asked, types the answer."""

    def __init__(self, directory, *words):
        self.text, self.all = "", ""
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.environ.update(SENNIT_MODULES=str(SENNIT.parent / ".libs"), TERM="xterm",
                              LC_ALL="C.UTF-8")
            os.environ.pop("DBUS_SESSION_BUS_ADDRESS", None)
            os.environ["XDG_RUNTIME_DIR"] = str(directory)
            os.environ["HOME"] = str(directory)
            os.environ.pop("MAILDIR", None)
            os.environ["PATH"] = f"{directory}/bin:{os.environ['PATH']}"
            os.execv(SENNIT, [str(SENNIT), "-c", str(directory), *words])

    def read(self, what, seconds=30):
        end = time.monotonic() + seconds
        while what not in self.text:
            left = end - time.monotonic()
            ready = left > 0 and select.select([self.fd], [], [], left)[0]
            try:
                got = os.read(self.fd, 65536) if ready else b""
            except OSError:
                got = b""
            if not got:
                raise Failed(f"no '{what}' in: {self.all}")
            got = got.decode("utf-8", "replace").replace("\r", "")
            self.text += got
            self.all += got
        self.text = self.text[self.text.index(what) + len(what):]

    def answer(self, question, text):
        self.read(question)
        self.read(": ")
        os.write(self.fd, (text + "\n").encode())

    def end(self):
        try:
            while select.select([self.fd], [], [], 30)[0]:
                got = os.read(self.fd, 65536)
                if not got:
                    break
                self.all += got.decode("utf-8", "replace").replace("\r", "")
        except OSError:
            pass
        os.close(self.fd)
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])


class World:
    def __init__(self):
        self.directory = Path(tempfile.mkdtemp(prefix="sn-"))
        os.chmod(self.directory, 0o755)
        subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
        resolv = self.directory / "resolv.conf"
        resolv.write_text("nameserver 127.0.0.1\n")
        subprocess.run(["mount", "--bind", resolv, "/etc/resolv.conf"], check=True)
        self.servers = Servers(self.directory / "servers")
        self.port = {name[3:-5].lower(): int(value) for name, value in self.servers.env.items()
                     if name.endswith("_PORT")}
        self.ca = self.servers.env["SN_CA_FILE"]
        self.dns = None
        self.start_dns()
        self.web = None

    def start_dns(self):
        port = self.port
        records = []
        for domain in ("example.test", "foreign.test"):
            records += [f"_imaps._tcp.{domain},mail.example.test,{port['imaps']}",
                        f"_submissions._tcp.{domain},mail.example.test,{port['smtps']}"]
        records += [f"_xmpps-client._tcp.example.test,xmpp.example.test,{port['xmpps']}",
                    f"_xmpp-client._tcp.example.test,xmpp.example.test,{port['xmpp']}",
                    "_imaps._tcp.empty.test,."]
        self.dns = subprocess.Popen(
            ["dnsmasq", "--no-daemon", "--no-resolv", "--no-hosts", "--listen-address=127.0.0.1",
             "--bind-interfaces", "--conf-file=/dev/null", "--user=root", "--local=/test/",
             "--address=/example.test/127.0.0.1", f"--log-facility={self.directory}/dns.log",
             "--log-queries",
             *[f"--srv-host={record}" for record in records]],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait(lambda: "started" in self.dns_log(), "dnsmasq")

    def dns_log(self):
        path = self.directory / "dns.log"
        return path.read_text() if path.exists() else ""

    def start_web(self):
        text = AUTOCONFIG.format(imap=self.port["imap"], smtp=self.port["smtp"]).encode()
        self.asked = asked = []

        class Handler(http.server.BaseHTTPRequestHandler):
            def log_message(self, *_):
                pass

            def do_GET(self):
                asked.append((self.headers["Host"], self.path))
                good = self.path.startswith("/mail/config-v1.1.xml?")
                self.send_response(200 if good else 404)
                self.send_header("Content-Length", str(len(text) if good else 0))
                self.end_headers()
                if good:
                    self.wfile.write(text)

        self.web = http.server.ThreadingHTTPServer(("127.0.0.1", 443), Handler)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        directory = self.directory / "servers" / "ca"
        context.load_cert_chain(directory / "good.pem", directory / "good.key")
        self.web.socket = context.wrap_socket(self.web.socket, server_side=True)
        threading.Thread(target=self.web.serve_forever, daemon=True).start()

    def profile(self):
        return Path(tempfile.mkdtemp(prefix="profile-", dir=self.directory))

    def close(self):
        if self.dns:
            self.dns.terminate()
            self.dns.wait()
        self.servers.stop()
        subprocess.run(["umount", "/etc/resolv.conf"], check=False)
        subprocess.run(["rm", "-rf", "--", self.directory], check=False)


def expect(condition, what):
    if not condition:
        raise Failed(what)


def by_dns(world):
    """servers found by SRV are shown, agreed to, tested and saved"""
    profile = world.profile()
    person = Person(profile, "init", "--ca-file", world.ca)
    person.answer("Your address", "alice@example.test")
    person.answer("Your name", "Alice Liddell")
    person.read(f"imaps://alice%40example.test@mail.example.test:{world.port['imaps']}")
    person.read(f"smtps://alice%40example.test@mail.example.test:{world.port['smtps']}")
    person.read("xmpps://alice@example.test")
    person.answer("Use these?", "")
    person.answer("Password of alice@example.test (not shown", "alice-secret")
    person.answer("Keep it in", "yes")
    person.read("Testing incoming email ... ok")
    person.read("Testing outgoing email ... ok")
    person.read("Testing IM ... ok")
    person.read("Saved the account 'example'")
    code = person.end()
    expect(code == 0, f"exit code {code}")
    expect("alice-secret" not in person.all, "the password is on the screen")
    accounts = profile / "accounts.conf"
    expect(accounts.stat().st_mode & 0o777 == 0o600, "accounts.conf is open to others")
    expect("alice-secret" not in accounts.read_text(), "the password is in accounts.conf")
    expect("from = Alice Liddell <alice@example.test>" in accounts.read_text(), "from")


def wrong_password(world):
    """a wrong password is said for each server, and asked for again"""
    profile = world.profile()
    person = Person(profile, "init", "--ca-file", world.ca)
    person.answer("Your address", "alice@example.test")
    person.answer("Your name", "")
    person.answer("Use these?", "")
    person.answer("Password of", "wrong")
    person.answer("Keep it in", "yes")
    person.read("Testing incoming email ... failed: ")
    person.read("refused the login of alice@example.test")
    person.answer("The password again", "alice-secret")
    person.answer("Keep it in", "yes")
    person.read("Testing IM ... ok")
    person.read("Saved the account")
    expect(person.end() == 0, "exit code")


def other_password_for_im(world):
    """a server that wants another password gets one of its own"""
    profile = world.profile()
    person = Person(profile, "init", "--ca-file", world.ca, "--im", "xmpp://bob@example.test")
    person.answer("Your address", "alice@example.test")
    person.answer("Your name", "")
    person.answer("Use these?", "")
    person.answer("Password of", "alice-secret")
    person.answer("Keep it in", "yes")
    person.read("Testing IM ... failed: ")
    person.answer("Another password for IM", "bob-secret")
    person.answer("Keep it in", "yes")
    person.read("Testing incoming email ... ok")
    person.read("Testing IM ... ok")
    person.read("Saved the account")
    expect(person.end() == 0, "exit code")
    text = (profile / "accounts.conf").read_text()
    expect("\npassword-command = cat " in text and "\nim-password-command = cat " in text, text)
    for name in ("example.password", "example.im.password"):
        expect((profile / name).stat().st_mode & 0o777 == 0o600, f"{name} is open to others")


def by_web(world):
    """autoconfig over https comes first, and the page is asked of the domain alone"""
    world.start_web()
    profile = world.profile()
    person = Person(profile, "init", "--ca-file", world.ca, "--no-im")
    person.answer("Your address", "alice@example.test")
    person.answer("Your name", "")
    person.read(f"imap+starttls://alice%40example.test@imap.example.test:{world.port['imap']}")
    person.read("named by https://autoconfig.example.test, whose certificate is good")
    person.answer("Use these?", "")
    person.answer("Password of", "alice-secret")
    person.answer("Keep it in", "yes")
    person.read("Testing outgoing email ... ok")
    person.read("Saved the account")
    expect(person.end() == 0, "exit code")
    hosts = {host for host, _ in world.asked}
    expect(hosts <= {"autoconfig.example.test", "example.test"}, f"asked: {hosts}")
    names = set(re.findall(r"query\[\w+\] (\S+) from", world.dns_log()))
    strangers = {name for name in names if not name.endswith((".test",))}
    expect(not strangers, f"the DNS was asked for {strangers}")


def untrusted_web(world):
    """an autoconfig page with a certificate that nobody vouches for counts for nothing"""
    profile = world.profile()
    person = Person(profile, "init", "--no-im")
    person.answer("Your address", "alice@example.test")
    person.answer("Your name", "")
    person.read(f"imaps://alice%40example.test@mail.example.test:{world.port['imaps']}")
    person.read("Use these?")
    os.kill(person.pid, signal.SIGTERM)
    person.end()
    expect("autoconfig.example.test" not in person.all, "the page was believed")


def foreign(world):
    """servers outside the domain are not taken on the word of the DNS alone"""
    profile = world.profile()
    person = Person(profile, "init", "--ca-file", world.ca, "--no-im")
    person.answer("Your address", "alice@foreign.test")
    person.answer("Your name", "")
    person.read("The DNS names mail servers outside foreign.test")
    person.read("Use these? [no]")
    os.kill(person.pid, signal.SIGTERM)
    person.end()
    done = subprocess.run([SENNIT, "-c", profile, "init", "-a", "alice@foreign.test", "--no-im"],
                          env={**os.environ, "SENNIT_MODULES": str(SENNIT.parent / ".libs")},
                          stdin=subprocess.DEVNULL, capture_output=True, text=True)
    expect(done.returncode == 2 and "outside foreign.test" in done.stderr, done.stderr)


def nothing_found(world):
    """where nothing is found a server's name is enough, and a wrong one can be mended"""
    profile = world.profile()
    person = Person(profile, "init", "--ca-file", world.ca)
    person.answer("Your address", "alice at empty.test")
    person.read("is no address")
    person.answer("Your address", "alice@empty.test")
    person.answer("Your name", "")
    person.read("No server was found.")
    person.answer("Server of incoming email", f"nowhere.empty.test:{world.port['imaps']}")
    person.answer("Server of outgoing email", "")
    person.answer("IM address", "")
    person.answer("Password of", "alice-secret")
    person.answer("Keep it in", "yes")
    person.read("Testing incoming email ... failed: ")
    person.read("nowhere.empty.test")
    person.answer("Server of incoming email",
                  f"imaps://alice%40example.test@mail.example.test:{world.port['imaps']}")
    person.read("Testing incoming email ... ok")
    person.read("Saved the account 'empty'")
    expect(person.end() == 0, "exit code")
    expect("imaps://alice%40empty.test@nowhere.empty.test" in person.all, "the name became no URL")


def local_mail(world):
    """a Maildir that is there already is offered, and read without a server or a password"""
    profile = world.profile()
    for name in ("cur", "new", "tmp"):
        (profile / "own mail" / "INBOX" / name).mkdir(parents=True)
    (profile / ".mbsyncrc").write_text('MaildirStore local\nPath "~/own mail/"\n')
    (profile / ".msmtprc").write_text("account default\n")
    (profile / "bin").mkdir()
    (profile / "bin" / "msmtp").write_text("#!/bin/sh\ncat >/dev/null\n")
    (profile / "bin" / "msmtp").chmod(0o755)
    person = Person(profile, "init", "--no-im", "--ca-file", world.ca)
    person.answer("Your address", "alice@empty.test")
    person.answer("Your name", "")
    person.answer(f"Email is kept in {profile}/own mail. Read it there?", "")
    person.answer("Send email with msmtp, as it is set up here?", "")
    person.read("Testing incoming email ... ok")
    person.read("Saved the account 'empty'")
    expect(person.end() == 0, "exit code")
    text = (profile / "accounts.conf").read_text()
    expect(f"source = maildir://{profile}/own%20mail\n" in text, text)
    expect("outgoing = msmtp\n" in text and "password" not in text, text)
    expect("No server" not in person.all and "Looking" not in person.all, person.all)
    # whoever wants the server gets it, and may still type a path
    (profile / ".msmtprc").unlink()
    person = Person(profile, "init", "--no-im", "--ca-file", world.ca, "--replace")
    person.answer("Your address", "alice@empty.test")
    person.answer("Your name", "")
    person.answer("Read it there?", "no")
    person.read("No server was found.")
    person.answer("Server of incoming email", "cat -s")
    person.read("is no server, URL or path")
    person.answer("Server of incoming email", "~/own mail")
    person.answer("Server of outgoing email", "")
    person.read("Testing incoming email ... ok")
    person.read("Saved the account 'empty'")
    expect(person.end() == 0, "exit code")
    expect("source = maildir://~/own%20mail\n" in (profile / "accounts.conf").read_text(), "path")


def welcome(world):
    """the first start leads through it, says what is wrong with each server, and opens the client"""
    profile = world.profile()
    person = Person(profile)
    person.read("Set one up now?")
    os.write(person.fd, b"\n")
    person.answer("Your address", "alice@example.test")
    person.answer("Your name", "Alice")
    person.answer("Use these?", "")
    person.answer("Password of", "alice-secret")
    person.answer("Keep it in", "yes")
    # nobody here vouches for the servers' certificates
    for end in ("incoming email", "outgoing email", "IM"):
        person.read(f"Testing {end} ... failed: ")
        person.read("certificate")
    person.answer("Server of incoming email", "")
    person.answer("Server of outgoing email", "")
    person.answer("IM address", "")
    person.answer("Save it all the same?", "yes")
    person.read("Saved the account 'example'")
    person.read("\x1b[?1049h")
    os.kill(person.pid, signal.SIGTERM)
    person.end()
    expect("Type 'sennit'" not in person.all, "it tells to type what is open already")


def main():
    steps = [by_dns, wrong_password, other_password_for_im, foreign, nothing_found, local_mail, welcome, by_web, untrusted_web]
    print(f"1..{len(steps)}", flush=True)
    failed = 0
    world = World()
    try:
        for number, step in enumerate(steps, 1):
            try:
                step(world)
                print(f"ok {number} - {step.__doc__}", flush=True)
            except Exception as error:  # noqa: BLE001
                failed = 1
                print(f"not ok {number} - {step.__doc__}", flush=True)
                for line in str(error).splitlines():
                    print("#", line, flush=True)
    finally:
        world.close()
    sys.exit(failed)


main()
