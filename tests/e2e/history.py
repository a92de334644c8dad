#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Earlier messages as other programs see them: history.py PROGRAM [SCENARIO...]

sennit sends its history by email and by IM, over real servers with real limits; neomutt, notmuch,
munpack, Python's email package, slixmpp and profanity read it. Each scenario is a function; the first
line of its text is what is printed with ok or FAILED. A reader that is not installed is said so.
"""

import base64
import email
import email.policy
import hashlib
import json
import re
import shutil
import ssl
import subprocess
import sys
import urllib.request
import xml.etree.ElementTree as xml
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from world import Failed, Peer, World, run_scenarios, wait  # noqa: E402

SCENARIOS = []
ALICE, BOB = "alice@example.test", "bob@example.test"
PDF = b"%PDF-1.4\n" + bytes(range(256)) * 300


def scenario(function):
    SCENARIOS.append(function)
    return function


def check(condition, text):
    if not condition:
        raise Failed(text)


def need(program):
    if not shutil.which(program):
        raise Failed(f"{program} is not installed (tests/packages/check)")


# ---- something to send along ----

def letter(number, text, pdf=None, sender=BOB, to=ALICE, extra=()):
    """An email of bob's as his mail program made it; LF here, CRLF on the wire."""
    lines = [f"From: Bob Ropewalk <{sender}>", f"To: {to}", f"Subject: Splice {number}",
             f"Date: Fri, 20 Nov 2026 1{number}:00:00 +0000",
             f"Message-ID: <splice-{number}@example.test>", *extra, "MIME-Version: 1.0"]
    if number > 1:
        lines.append("References: <splice-1@example.test>")
    if not pdf:
        return "\n".join([*lines, "Content-Type: text/plain; charset=utf-8", "", text, ""])
    body = base64.encodebytes(pdf).decode().rstrip()
    return "\n".join([*lines, 'Content-Type: multipart/mixed; boundary="b"', "", "--b",
                      "Content-Type: text/plain; charset=utf-8", "", text, "--b",
                      "Content-Type: application/pdf; name=tides.pdf",
                      "Content-Disposition: attachment; filename=tides.pdf",
                      "Content-Transfer-Encoding: base64", "", body, "--b--", ""])


def contacts(world):
    directory = world.directory / "contacts"
    directory.mkdir(exist_ok=True)
    for name, address in (("Bob Ropewalk", BOB), ("Alice Liddell", ALICE)):
        (directory / f"{address}.vcf").write_text(
            f"BEGIN:VCARD\r\nVERSION:3.0\r\nFN:{name}\r\nEMAIL:{address}\r\nIMPP:xmpp:{address}\r\n"
            "END:VCARD\r\n")
    return directory


def talk(world, servers, settings="", letters=(), lines=(), name="alice"):
    """alice on line with emails of bob's and IMs from bob's slixmpp; returns both."""
    alice = world.profile(name, servers=servers,
                          settings=f"[general]\nvdir = {contacts(world)}\n{settings}")
    kept, world.servers = world.servers, servers
    try:
        bob = Peer(world, "bob")
    finally:
        world.servers = kept
    for raw in letters:
        servers.deliver("alice", raw)
    alice.engine()
    alice.wait_online()
    for number in range(1, len(letters) + 1):
        wait(lambda n=number: alice.find(BOB, f"Splice {n}"), f"letter {number} filed")
    for line in lines:
        bob.send(ALICE, line)
        alice.wait_message(BOB, line[:40])
    return alice, bob


def send(alice, channel, text, *words, states=("accepted", "delivered", "read")):
    entry = alice.run("send", "--to", BOB, "--via", channel, "--history", "all", *words,
                      text=text).split()[0]
    return alice.wait_state(entry, *states)


def mail_with(servers, text):
    return wait(lambda: [raw for raw in servers.mails("bob") if text.encode() in raw],
                f"an email with {text!r} in bob's mailbox")[-1]


# ---- by email ----

def mailbox(world, raw, name):
    """A maildir with this one message."""
    directory = world.directory / name
    for sub in ("new", "cur", "tmp"):
        (directory / sub).mkdir(parents=True)
    (directory / "cur" / "1.1.host:2,S").write_bytes(raw)
    return directory


def the_email(world):
    """alice's email to bob with three emails (one file in all of them) and two IMs before it."""
    if not hasattr(world, "history_email"):
        alice, bob = talk(world, world.servers,
                          letters=[letter(1, "First: how does the third tuck go?", PDF),
                                   letter(2, "Second: Grüße, and the file again", PDF),
                                   letter(3, "From here on it is the third", PDF)],
                          lines=["are you <there> & awake?", "the second line of IM ☕"])
        send(alice, "mail", "Here is all of it.\n", "--subject", "Re: Splice 3")
        world.history_email = mail_with(world.servers, "Here is all of it.")
        bob.close()
        alice.stop_engine()
    return world.history_email


@scenario
def python_email(world):
    """Python's email package: text, transcript, digest byte for byte, each file once"""
    raw = the_email(world)
    message = email.message_from_bytes(raw, policy=email.policy.default)
    check(not [p for p in message.walk() if p.defects], "defects: "
          + str([p.defects for p in message.walk() if p.defects]))
    parts = [p.get_content_type() for p in message.iter_parts()]
    check(parts == ["text/plain", "multipart/digest"], f"parts are {parts}")
    text = message.get_body(("plain",)).get_content()
    for part in ("Here is all of it.", "how does the third tuck go?", "From here on",
                 "are you <there> & awake?", "the second line of IM ☕", "Splice 2", "tides.pdf"):
        check(part in text, f"{part!r} is not in the readable text:\n{text}")
    digest = list(message.iter_parts())[1]
    types = [p.get_content_type() for p in digest.iter_parts()]
    check(types.count("message/rfc822") == 3 and types.count("message/cpim") == 2, f"digest: {types}")
    plain = raw.replace(b"\r\n", b"\n")
    sent = letter(1, "First: how does the third tuck go?", PDF).encode()
    check(sent[sent.index(b"From: "):] in plain, "the first email is not in it byte for byte")
    files = [p for p in message.walk() if p.get_filename() == "tides.pdf"]
    check(len(files) == 1 and files[0].get_content() == PDF, f"{len(files)} copies of the file")
    # the package takes the content of any message/... for a message: the headers of RFC 3862 are one
    cpim = [p for p in digest.iter_parts() if p.get_content_type() == "message/cpim"][0]
    inner = cpim.get_payload(0)
    check(re.search(rf"^From: .*<im:{BOB}>$", str(inner), re.M) and inner["DateTime"],
          f"no RFC 3862 header:\n{inner}")
    check("are you <there> & awake?" in inner.get_payload(), inner.get_payload())


@scenario
def neomutt(world):
    """neomutt: shows text and transcript, lists the digest's emails and the file, saves the file"""
    need("neomutt")
    folder = mailbox(world, the_email(world), "neomutt")
    saved = world.directory / "neomutt-saved"
    rc = world.directory / "neomuttrc"
    rc.write_text(f"""set folder={world.directory}
set spoolfile={folder}
set header_cache=
set mailcap_path=
set wait_key=no
set pipe_decode=yes
set confirm_append=no
set sort=mailbox-order
set from={BOB}
""")
    shown = world.directory / "neomutt-shown"
    run = ["neomutt", "-n", "-F", str(rc), "-R", "-f", str(folder)]
    tmux(world, "neomutt", run)
    screen = world.tmux_text
    wait(lambda: "Splice 3" in screen("neomutt"), "neomutt's index")
    world.tmux_keys("neomutt", "Enter")
    wait(lambda: "Here is all of it." in screen("neomutt"), "neomutt's pager with the reply")
    check("[-- Attachment" in screen("neomutt") or "Earlier" in screen("neomutt"), screen("neomutt"))
    world.tmux_keys("neomutt", "|")
    world.tmux_type("neomutt", f"cat > {shown}")
    world.tmux_keys("neomutt", "Enter")
    wait(lambda: shown.exists() and b"From here on" in shown.read_bytes(), "the piped text")
    text = shown.read_text()
    for part in ("how does the third tuck go?", "the second line of IM ☕", "Grüße"):
        check(part in text, f"{part!r} is not in what neomutt decodes")
    world.tmux_keys("neomutt", "q")
    world.tmux_keys("neomutt", "v")
    wait(lambda: "multipa" in screen("neomutt") and "digest" in screen("neomutt"), "the attachment menu")
    world.tmux_keys("neomutt", "j", "v") # the digest is one line until it is opened
    wait(lambda: "Splice 3" in screen("neomutt"), "the digest opened")
    listed = screen("neomutt")
    check(listed.count("Splice") >= 3, f"the three emails are not listed:\n{listed}")
    check("cpim" in listed, f"the IMs are not listed:\n{listed}")
    # into the first email, to its file
    line = [i for i, row in enumerate(listed.splitlines()) if "tides.pdf" in row and ".txt" not in row]
    check(line, f"tides.pdf is not listed:\n{listed}")
    world.tmux_keys("neomutt", "/")
    world.tmux_type("neomutt", "tides.pdf")
    world.tmux_keys("neomutt", "Enter")
    world.tmux_keys("neomutt", "s")
    wait(lambda: "Save to file" in screen("neomutt"), "the question where to save")
    world.tmux_keys("neomutt", "C-u")
    world.tmux_type("neomutt", str(saved))
    world.tmux_keys("neomutt", "Enter")
    wait(lambda: saved.exists() and saved.read_bytes() == PDF, f"the saved file; the menu was\n{listed}")
    world.tmux_keys("neomutt", "q", "x")


@scenario
def notmuch(world):
    """notmuch: indexes and shows text, emails within and the file"""
    need("notmuch")
    folder = mailbox(world, the_email(world), "notmuch")
    config = world.directory / "notmuch-config"
    config.write_text(f"[database]\npath={folder}\n[user]\nprimary_email={BOB}\n")
    env = {**world.environment, "NOTMUCH_CONFIG": str(config)}

    def run(*words):
        done = subprocess.run(["notmuch", *words], capture_output=True, env=env)
        check(done.returncode == 0, f"notmuch {words}: {done.stderr.decode()}")
        return done.stdout
    run("new", "--quiet")
    check(run("count", "third", "tuck").strip() == b"1", "the transcript is not found")
    shown = json.loads(run("show", "--format=json", "--entire-thread=false", "*"))
    flat = json.dumps(shown)
    check(flat.count("message/rfc822") >= 3 and "message/cpim" in flat, "parts are missing")

    def parts(node):
        if isinstance(node, dict):
            if "content-type" in node:
                yield node
            for value in node.values():
                yield from parts(value)
        elif isinstance(node, list):
            for value in node:
                yield from parts(value)
    file = [p for p in parts(shown) if p.get("filename") == "tides.pdf"]
    check(len(file) == 1, f"{len(file)} times tides.pdf")
    check(run("show", "--format=raw", f"--part={file[0]['id']}", "*") == PDF, "the file differs")


@scenario
def munpack(world):
    """munpack: unpacks the file out of the email within the email"""
    need("munpack")
    directory = world.directory / "munpack"
    directory.mkdir()
    done = subprocess.run(["munpack", "-t", "-q"], input=the_email(world), cwd=directory,
                          capture_output=True, env=world.environment)
    check(done.returncode == 0, f"munpack: {done.stderr.decode()}")
    files = {f.name: f.read_bytes() for f in directory.iterdir()}
    check(PDF in files.values(), f"the file is not among {sorted(files)}")
    check(any("third tuck".encode() in text for text in files.values()), "no readable text")


# ---- by IM ----

def tag(namespace, name):
    return f"{{{namespace}}}{name}"


def history_of(bob, reply):
    """The stanzas that came with a reply, in order: of ElementTree."""
    events = bob.messages()
    first = next(i for i, e in enumerate(events) if reply in (e["body"] or ""))
    return [(e, xml.fromstring(e["raw"])) for e in events[first:]]


def fetch(servers, url):
    context = ssl.create_default_context(cafile=servers.ca)
    context.check_hostname = False
    with urllib.request.urlopen(url, context=context, timeout=20) as answer:
        return answer.read()


def emails_of(servers, stanzas):
    """The files of type message/rfc822 that were announced, fetched: bytes."""
    found = []
    for event, stanza in stanzas:
        if stanza.find(".//" + tag("urn:xmpp:file:metadata:0", "media-type")) is None:
            continue
        url = stanza.find(tag("jabber:x:oob", "x") + "/" + tag("jabber:x:oob", "url")).text
        check(event["body"] == url, "the body of a file is nothing but its address (XEP-0066)")
        data = fetch(servers, url)
        told = stanza.find(".//" + tag("urn:xmpp:hashes:2", "hash")).text
        check(base64.b64encode(hashlib.sha256(data).digest()).decode() == told, "the hash told is wrong")
        check(int(stanza.find(".//" + tag("urn:xmpp:file:metadata:0", "size")).text) == len(data), "size")
        found.append(data)
    return found


def forwarded_of(stanzas):
    found = []
    for _, stanza in stanzas:
        for one in stanza.findall(tag("urn:xmpp:forward:0", "forwarded")):
            inner = one.find(tag("jabber:client", "message"))
            delay = one.find(tag("urn:xmpp:delay", "delay"))
            check(delay is not None and delay.get("stamp"), "a forwarded IM without its time")
            found.append((inner.get("from"), inner.find(tag("jabber:client", "body")).text))
    return found


@scenario
def slixmpp(world):
    """slixmpp: text for people first, then emails as files and IMs as forwarded stanzas"""
    letters = [letter(1, "First: how does the third tuck go?", PDF), letter(2, "Second", PDF)]
    servers = world.add_servers()
    alice, bob = talk(world, servers, letters=letters, lines=["one <line> & more"], name="alice-im")
    send(alice, "im", "By IM then.")
    wait(lambda: forwarded_of(history_of(bob, "By IM then.")), "the forwarded IM")
    stanzas = history_of(bob, "By IM then.")
    reply = stanzas[0][1].get("id")
    text = stanzas[1][0]["body"]
    check(text.startswith("Earlier messages:\n> "), text)
    for part in ("third tuck", "one <line> & more", "Splice 2"):
        check(part in text, f"{part!r} is not in {text!r}")
    emails = emails_of(servers, stanzas)
    check(len(emails) == 2, f"{len(emails)} emails")
    first = email.message_from_bytes(emails[0], policy=email.policy.default)
    check(first["message-id"] == "<splice-1@example.test>", str(first["message-id"]))
    check([p.get_content() for p in first.iter_attachments()] == [PDF], "the first keeps its file")
    check(len(emails[1]) < 5000, "the second brings the file once more")
    second = email.message_from_bytes(emails[1], policy=email.policy.default)
    note = [p for p in second.iter_attachments()][0]
    check(note.get_filename() == "tides.pdf.txt" and "Splice 1" in note.get_content(), note.as_string())
    said = forwarded_of(stanzas)
    check(said and said[0] == (BOB, "one <line> & more"), said)
    for event, stanza in stanzas[1:]:
        mark = stanza.find(tag("urn:xmpp:message-attaching:1", "attach-to"))
        check(mark is not None and mark.get("id") == reply, f"not marked: {event['raw']}")
    check(stanzas[0][1].find(tag("urn:xmpp:message-attaching:1", "attach-to")) is None, "the reply")
    bob.close()
    alice.stop_engine()
    servers.stop()


@scenario
def profanity(world):
    """profanity: the reply, the quoted history and the addresses of the files are readable"""
    need("profanity")
    servers = world.add_servers()
    alice, bob = talk(world, servers, letters=[letter(1, "how does the third tuck go?")],
                      lines=["a line before"], name="alice-prof")
    bob.close()
    home = world.directory / "prof"
    accounts = home / "data" / "profanity"
    accounts.mkdir(parents=True)
    (home / "config" / "profanity").mkdir(parents=True)
    (accounts / "accounts").write_text(
        f"[bob]\nenabled=true\njid={BOB}\nserver=127.0.0.1\nport={servers.port('XMPP')}\n"
        "resource=prof\npassword=bob-secret\ntls.policy=trust\npresence.last=online\n"
        "presence.login=online\n")
    (accounts / "accounts").chmod(0o600)
    env = {"XDG_CONFIG_HOME": str(home / "config"), "XDG_DATA_HOME": str(home / "data"),
           "HOME": str(home)}
    tmux(world, "prof", ["profanity", "-a", "bob"], env, columns=150, rows=50)
    screen = world.tmux_text
    wait(lambda: re.search("logged in successfully|online", screen("prof"), re.I), "profanity on line", 30)
    send(alice, "im", "By IM then.")
    world.tmux_type("prof", f"/msg {ALICE}")
    world.tmux_keys("prof", "Enter")
    wait(lambda: "By IM then." in screen("prof") and "Earlier messages:" in screen("prof"),
         "the reply and the quote on profanity's screen", 30)
    wait(lambda: "1 earlier" in screen("prof") or "earlier message" in screen("prof"), "the count of IMs")
    text = screen("prof")
    for part in ("> ", "third tuck", "a line before", "https://127.0.0.1"):
        check(part in text, f"{part!r} is not on the screen:\n{text}")
    world.tmux_type("prof", "/quit")
    world.tmux_keys("prof", "Enter")
    alice.stop_engine()
    servers.stop()


# ---- limits ----

STANZA = 10000


@scenario
def stanza_limit(world):
    """Prosody with the smallest stanza limit: long history arrives in stanzas that pass"""
    servers = world.add_servers(names=("dovecot", "postfix", "prosody"),
                                env={"SN_XMPP_STANZA_MAX": str(STANZA)})
    lines = [f"line {n}: " + "<&>'\"☕ " * (40 * (n % 7)) for n in range(25)]
    alice, bob = talk(world, servers, lines=lines, name="alice-stanza")
    body = "A long reply. " + "More of it & <more>. " * 900
    entry = send(alice, "im", body)
    try:
        wait(lambda: len(forwarded_of(history_of(bob, "A long reply."))) >= 25, "all earlier IMs")
    except Failed as failure:
        got = [(len(e["raw"]), e["id"], e["body"][:30]) for e, _ in history_of(bob, "A long reply.")]
        raise Failed(f"{failure}: {got} {alice.outbox()}") from None
    stanzas = history_of(bob, "A long reply.")
    said = [text for _, text in forwarded_of(stanzas)]
    check([t.strip() for t in said] == [line.strip() for line in lines], "IMs are missing or changed")
    longest = max(len(e["raw"].encode()) for e, _ in stanzas)
    check(longest <= STANZA + 400, f"a stanza of {longest} bytes") # the server added its own ids
    whole = "".join(e["body"] for e, s in stanzas if s.get("id", "").split(".")[0]
                    == stanzas[0][1].get("id").split(".")[0] and "More of it" in e["body"])
    check(whole.count("More of it & <more>.") == 900, "the reply is not whole")
    check(not any(e["what"] == "uncertain" for e in entry["events"]), entry["events"])
    bob.close()
    alice.stop_engine()
    servers.stop()


@scenario
def upload_limit(world):
    """An upload limit: an email goes without the file that is too large, and says so"""
    servers = world.add_servers(env={"SN_XMPP_UPLOAD_MAX": "60000"})
    alice, bob = talk(world, servers, letters=[letter(1, "with a large file", PDF),
                                               letter(2, "without any")], name="alice-upload")
    send(alice, "im", "All of that.")
    stanzas = wait(lambda: (lambda s: s if len(emails_of(servers, s)) == 2 else None)
                   (history_of(bob, "All of that.")), "two emails as files")
    emails = emails_of(servers, stanzas)
    check(max(map(len, emails)) <= 60000, "larger than the server takes")
    first = email.message_from_bytes(emails[0], policy=email.policy.default)
    check(first["message-id"] == "<splice-1@example.test>", "it is still that email")
    check("with a large file" in first.get_body(("plain",)).get_content(), "its text is there")
    note = next(first.iter_attachments())
    check("larger than what the server takes" in note.get_content(), note.get_content())
    bob.close()
    alice.stop_engine()
    servers.stop()


@scenario
def mail_size(world):
    """message_size_limit of Postfix: what does not fit is left out, and the reader is told"""
    servers = world.add_servers(env={"SN_SMTP_SIZE": "60000"})
    alice, bob = talk(world, servers, letters=[letter(1, "small one")], name="alice-size")
    # Postfix would not have taken it; it came another way
    servers.deliver("alice", letter(2, "with a large file", PDF))
    alice.wait_message(BOB, "with a large file")
    entry = send(alice, "mail", "As much as fits.\n", "--subject", "Re: Splice 2")
    raw = mail_with(servers, "As much as fits.")
    check(len(raw) <= 60000, f"{len(raw)} bytes")
    message = email.message_from_bytes(raw, policy=email.policy.default)
    text = message.get_body(("plain",)).get_content()
    check("(Left out, too large for the mail server: 1 file of earlier emails.)" in text, text)
    check("with a large file" in text and "small one" in text, text)
    check(any(e["what"] == "left out" for e in entry["events"]), f"not in the journal: {entry['events']}")
    # the limit is known now: the next one is made to fit at once
    again = send(alice, "mail", "Once more.\n", "--subject", "Re: Splice 2")
    check(not any("bytes" in (e.get("detail") or "") for e in again["events"]), again["events"])
    bob.close()
    alice.stop_engine()
    servers.stop()


# ---- a terminal for other programs ----

def tmux(world, name, command, environment=None, columns=120, rows=45):
    base = ["tmux", "-S", str(world.directory / "readers.sock"), "-f", "/dev/null"]
    env = {**world.environment, **(environment or {})}
    words = " ".join(f"'{w}'" for w in command)
    exports = " ".join(f"{k}='{v}'" for k, v in (environment or {}).items())

    def run(*arguments):
        done = subprocess.run([*base, *arguments], capture_output=True, text=True, env=env)
        check(done.returncode == 0, f"tmux {arguments}: {done.stderr}")
        return done.stdout
    run("new-session", "-d", "-s", name, "-x", str(columns), "-y", str(rows),
        f"env {exports} {words}; exec cat")
    world.tmux_text = lambda session: run("capture-pane", "-p", "-J", "-t", session)
    world.tmux_keys = lambda session, *keys: run("send-keys", "-t", session, *keys)
    world.tmux_type = lambda session, text: run("send-keys", "-t", session, "-l", text)
    world.readers = base


def main():
    program, only = Path(sys.argv[1]).resolve(), sys.argv[2:]
    original = World.close

    def close(world):
        if hasattr(world, "readers"):
            subprocess.run([*world.readers, "kill-server"], capture_output=True)
        original(world)
    World.close = close
    return run_scenarios(SCENARIOS, program, only)


if __name__ == "__main__":
    sys.exit(main())
