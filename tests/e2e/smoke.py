#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The main job, played on the real screen with real servers: ./demo --smoke

Each scenario is a function; the first line of its text is what is printed with ok or FAILED. The
people: alice and bob use sennit and know each other; carol has an account that alice does not know.
"""

import email
import email.policy
import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from world import Failed, Peer, Profile, Proxy, Screen, mail, run_scenarios, wait  # noqa: E402

SCENARIOS = []
ALICE, BOB, CAROL = "alice@example.test", "bob@example.test", "carol@example.test"

VCARD = f"""BEGIN:VCARD\r
VERSION:3.0\r
FN:Bob Ropewalk\r
EMAIL:{BOB}\r
IMPP:xmpp:{BOB}\r
END:VCARD\r
"""


def scenario(function):
    SCENARIOS.append(function)
    return function


def check(condition, text):
    if not condition:
        raise Failed(text)


def person_of(world, name="alice", settings="", **kw):
    """A profile whose owner has Alice and Bob in the address book."""
    contacts = world.directory / "contacts"
    contacts.mkdir(exist_ok=True)
    (contacts / "bob.vcf").write_text(VCARD)
    (contacts / "alice.vcf").write_text(VCARD.replace("Bob Ropewalk", "Alice Liddell").replace(BOB, ALICE))
    return world.profile(name, settings=f"[general]\nvdir = {contacts}\n"
                         f"download-dir = {world.directory}/downloads\n{settings}", **kw)


def start_screen(profile, *words, **kw):
    """The client, with its first screen painted."""
    screen = Screen(profile, *words, **kw)
    screen.wait(r"\? help")
    return screen


def open_screen(profile, who, *words, **kw):
    """The client, on line, with a conversation open."""
    screen = start_screen(profile, *words, **kw)
    profile.wait_online()
    wait(lambda: any(who in row.get("addresses", ()) for row in profile.json("list"))
         or any(a["value"] == who for p in profile.json("people") for a in p["addresses"]),
         f"{who} known to {profile.name}")
    screen.command(f"open {who}")
    return screen


def answer(screen, text, switch=False):
    """Answers the newest message of the open conversation; the channel switched first if asked."""
    screen.keys("r")
    screen.wait(r"(IM|Email) to ")
    if switch:
        screen.keys("C-t")
    screen.type(text)


def send(screen):
    screen.keys("M-Enter" if screen.has(r"Email to ") else "Enter")


def parsed(raw):
    return email.message_from_bytes(raw, policy=email.policy.default)


def types_of(message):
    return [part.get_content_type() for part in message.walk()]


def mails_with(world, user, text):
    return [raw for raw in world.servers.mails(user) if text.encode() in raw]


@scenario
def mail_to_im(world):
    """mail to IM with history: an email is answered by IM, the email travels along"""
    alice, bob = person_of(world), person_of(world, "bob")
    bob.engine()
    bob.wait_online()
    world.servers.deliver("alice", mail(f"Bob <{BOB}>", ALICE, "The splice drawing",
                                        "Could you look at the third tuck?", "splice@example.test"))
    screen = open_screen(alice, BOB)
    screen.wait("The splice drawing")
    answer(screen, "The third tuck is fine.", switch=True)
    screen.wait(rf"IM to {BOB}")
    send(screen)
    screen.wait("The third tuck is fine")
    got = bob.wait_message(ALICE, "The third tuck is fine", direction="in", channel="im")
    check(not got.get("carried"), "the reply itself must not be a carried message")
    bob.wait_message(ALICE, "third tuck?", carried=True)
    screen.wait("delivered|read")
    entry = [e for e in alice.outbox() if e["channel"] == "im"][-1]
    alice.wait_state(entry["id"], "delivered", "read")
    screen.close()
    bob.stop_engine()


@scenario
def im_to_mail(world):
    """IM to mail with history: an IM is answered by email, readable in any mail client"""
    alice, bob = person_of(world), person_of(world, "bob")
    bob.engine()
    bob.wait_online()
    screen = open_screen(alice, BOB)
    bob.run("send", "--to", ALICE, "--via", "im", "--if-unavailable", "send", "--yes",
            text="Which rope do we take?")
    screen.wait("Which rope do we take")
    answer(screen, "Take the hemp one, details follow.", switch=True)
    screen.wait(rf"Email to .*{BOB}")
    send(screen)
    raw = wait(lambda: mails_with(world, "bob", "Take the hemp one"), "the email in bob's mailbox")[0]
    message = parsed(raw)
    check(ALICE in message["from"] and BOB in message["to"], f"addresses: {message['from']} {message['to']}")
    check(message["subject"], "an answer to an IM has a subject too")
    body = message.get_body(("plain",)).get_content()
    check("Take the hemp one" in body and "Which rope do we take" in body, f"text and transcript: {body}")
    check("message/cpim" in types_of(message), f"the IM travels as message/cpim: {types_of(message)}")
    bob.wait_message(ALICE, "Take the hemp one", channel="mail", direction="in")
    screen.close()
    bob.stop_engine()


@scenario
def switch_in_mid_draft(world):
    """switch in mid-draft: one key while typing, and nothing of the draft is lost"""
    alice = person_of(world)
    world.servers.deliver("alice", mail(f"Bob <{BOB}>", ALICE, "About the anchor", "Which chain?"))
    screen = open_screen(alice, BOB)
    screen.wait("About the anchor")
    answer(screen, "The galvanised chain, ten metres")
    screen.wait(r"Email to ")
    screen.keys("C-t")
    screen.wait(rf"IM to {BOB}")
    screen.wait("The galvanised chain, ten metres")
    screen.type(" and a shackle")
    screen.keys("C-t")
    screen.wait(r"Email to ")
    screen.wait("Re: About the anchor")
    screen.wait("The galvanised chain, ten metres and a shackle")
    os.kill(screen.pid(), signal.SIGKILL)
    screen.wait("sennit ended")
    screen.close()
    screen = open_screen(alice, BOB)
    screen.wait("The galvanised chain, ten metres and a shackle")
    screen.command("discard")
    screen.close()


@scenario
def unknown_address(world):
    """unknown address: asked for once, remembered"""
    alice, peer = person_of(world), Peer(world, "carol")
    world.servers.deliver("alice", mail(f"Carol Marline <{CAROL}>", ALICE, "Your book", "When are you home?"))
    screen = open_screen(alice, CAROL)
    screen.wait("Your book")
    answer(screen, "Any evening.", switch=True)
    send(screen)
    screen.wait("(?i)IM address")
    screen.type(CAROL)
    screen.keys("Enter")
    peer.wait_message("Any evening.")
    screen.command("mode im")
    answer(screen, "Tuesday is best.")
    screen.wait(rf"IM to {CAROL}")
    send(screen)
    peer.wait_message("Tuesday is best.")
    links = [a for p in alice.json("people") for a in p["addresses"] if a["value"] == CAROL and a["kind"] == "im"]
    check(links and links[0]["confirmed"] and links[0]["source"] == "user", f"remembered: {links}")
    screen.close()
    peer.close()


@scenario
def forged_jabber_id(world):
    """forged Jabber-ID: never used without a yes, and never over a confirmed address"""
    alice, peer = person_of(world), Peer(world, "carol")
    world.servers.deliver("alice", mail(f"Bob <{BOB}>", ALICE, "New address", "Write to my new account",
                                        headers=(f"Jabber-ID: {CAROL}",)))
    world.servers.deliver("alice", mail("Dora <dora@example.test>", ALICE, "Hello from Dora", "Are you there?",
                                        headers=(f"Jabber-ID: {CAROL}",)))
    screen = open_screen(alice, "dora@example.test")
    screen.wait("Hello from Dora")
    answer(screen, "Secret for Dora only", switch=True)
    send(screen)
    screen.wait("(?i)unconfirmed|not confirmed")
    screen.keys("n")
    screen.keys("Escape")
    screen.command("discard")
    alice.run("send", "--to", BOB, "--via", "im", "--history", "none", "--if-unavailable", "defer",
              text="For the confirmed Bob", code=None)
    alice.run("send", "--to", "dora@example.test", "--via", "im", "--history", "none", text="No yes given",
              code=None)
    check(alice.last.returncode not in (0,), f"an unconfirmed address was used: {alice.last.stdout}")
    marker = alice.run("send", "--to", CAROL, "--via", "im", "--history", "none", "--yes",
                       "--if-unavailable", "send", text="An open word to Carol")
    check(marker, "an entry id is printed")
    peer.wait_message("An open word to Carol")
    check(not peer.messages("Secret for Dora") and not peer.messages("confirmed Bob")
          and not peer.messages("No yes given"), f"went to the forger: {peer.messages()}")
    for entry in alice.outbox():
        if entry["state"] in ("waiting", "choosing", "queued"):
            alice.run("outbox", "cancel", entry["id"], code=None)
    screen.close()
    peer.close()


@scenario
def deferred_through_a_kill(world):
    """deferred, engine killed with -9, contact appears: delivered exactly once"""
    alice = person_of(world, "alice-kill")
    engine = alice.engine()
    alice.wait_online()
    entry = alice.run("send", "--to", BOB, "--via", "im", "--history", "none", "--if-unavailable", "defer",
                      text="Waits for Bob").split()[0]
    alice.wait_state(entry, "waiting")
    engine.kill()
    engine.wait()
    check(next(e for e in alice.outbox() if e["id"] == int(entry))["state"] == "waiting", "lost by the kill")
    peer = Peer(world, "bob")
    alice.engine()
    peer.wait_message("Waits for Bob")
    alice.wait_state(entry, "delivered", "accepted", "read")
    engine = alice.engines[-1]
    engine.kill()
    engine.wait()
    alice.engine()
    alice.wait_online()
    # what could come twice comes before this one
    alice.run("send", "--to", BOB, "--via", "im", "--history", "none", text="And then this")
    peer.wait_message("And then this")
    check(len(peer.messages("Waits for Bob")) == 1, f"delivered {len(peer.messages('Waits for Bob'))} times")
    alice.stop_engine()
    peer.close()


@scenario
def scheduled_and_conditional(world):
    """headless: a time, a presence, an email when that does not come, encryption; each goes once"""
    alice = person_of(world, "alice-terms")
    alice.engine()
    alice.wait_online()
    peer = Peer(world, "bob")
    peer.send(ALICE, "Hello from the quay")
    alice.wait_message(BOB, "Hello from the quay")
    # at a time, and not before
    timed = alice.run("send", "--to", BOB, "--via", "im", "--after", "3s", text="On time").split()[0]
    check("will go today" in alice.last.stderr, f"says when: {alice.last.stderr}")
    entry = next(e for e in alice.outbox() if e["id"] == int(timed))
    check(entry["state"] == "queued" and entry["next"] == entry["send_at"], f"queued: {entry}")
    check(not peer.messages("On time"), "went too early")
    peer.wait_message("On time")
    # when he may be disturbed, which he may not now
    peer.away("dnd")
    wait(lambda: any(p["presence"] == "dnd" for p in alice.json("people") if p.get("presence")),
         "bob's presence")
    held = alice.run("send", "--to", BOB, "--via", "im", "--when", "not-dnd", text="When free").split()[0]
    alice.wait_state(held, "waiting")
    peer.away("online")
    peer.wait_message("When free")
    # when he is there, else by email
    peer.close()
    wait(lambda: any(p["presence"] == "offline" for p in alice.json("people") if p.get("presence")),
         "bob has gone")
    late = alice.run("send", "--to", BOB, "--via", "im", "--when", "online", "--then", "mail",
                     "--within", "3s", text="Or as an email").split()[0]
    alice.wait_state(late, "converted")
    wait(lambda: mails_with(world, "bob", "Or as an email"), "the email")
    # encrypted or not at all
    secret = alice.run("send", "--to", BOB, "--via", "im", "--encrypt", "required",
                       "--if-unavailable", "send", text="Under the mat").split()[0]
    alice.wait_state(secret, "waiting")
    alice.run("outbox", "send", secret, code=2)
    alice.run("outbox", "cancel", secret)
    # and nothing went twice, not even through a stop and a start; what could come twice comes first
    alice.stop_engine()
    alice.engine()
    alice.wait_online()
    again = Peer(world, "bob", resource="again")
    alice.run("send", "--to", BOB, "--via", "im", "--history", "none", text="And then this")
    again.wait_message("And then this")
    for text in ("On time", "When free"):
        check(len(peer.messages(text)) == 1, f"{text}: {peer.messages(text)}")
        check(not again.messages(text), f"{text} came again")
    check(len(mails_with(world, "bob", "Or as an email")) == 1, "one email")
    check(not mails_with(world, "bob", "Under the mat") and not again.messages("Under the mat"),
          "what had to be encrypted went")
    again.close()
    alice.stop_engine()


@scenario
def contact_answers_email(world):
    """contact away answers "email": one email with text, addresses and history"""
    alice, peer = person_of(world, "alice-ask"), Peer(world, "bob")
    peer.away("xa")
    alice.engine()
    alice.wait_online()
    world.servers.deliver("alice", mail(f"Bob <{BOB}>", ALICE, "Paint", "Which red do you want?",
                                        "paint@example.test"))
    alice.wait_message(BOB, "Which red")
    wait(lambda: any(p.get("presence") == "xa" for p in alice.json("people")), "bob seen as away")
    entry = alice.run("send", "--to", BOB, "--via", "im", "--history", "thread", "--reply-to",
                      "paint@example.test", "--if-unavailable", "ask", text="The dark one, like your boat", code=6).split()[0]
    alice.run("outbox", "ask", entry)
    question = peer.wait_message("later")
    check("urn:xmpp:tmp:quick-response" in question["raw"] or "quick-response" in question["raw"],
          f"quick responses offered: {question['raw']}")
    alice.wait_state(entry, "asked")
    peer.send(ALICE, "email")
    wait(lambda: mails_with(world, "bob", "The dark one, like your boat"), "the email in bob's mailbox", 40)
    alice.wait_state(entry, "converted")
    found = mails_with(world, "bob", "The dark one, like your boat")
    check(len(found) == 1, f"{len(found)} emails")
    message = parsed(found[0])
    body = message.get_body(("plain",)).get_content()
    check(BOB in message["to"] and ALICE in message["from"], "addresses")
    check("Which red do you want?" in body or "message/rfc822" in types_of(message), "history")
    check("message/rfc822" in types_of(message), f"the earlier email travels whole: {types_of(message)}")
    check(not peer.messages("The dark one"), "it also went by IM")
    alice.stop_engine()
    peer.close()


@scenario
def prompts_five_answers(world):
    """the prompt's five answers: wait, email instead, send anyway, ask them, cancel"""
    alice, peer = person_of(world, "alice-prompt"), Peer(world, "bob")
    peer.away("dnd")
    screen = open_screen(alice, BOB)
    wait(lambda: any(p.get("presence") == "dnd" for p in alice.json("people")), "bob seen as busy")

    def ask(text, key):
        screen.command("mode im")
        screen.keys("i")
        screen.wait("Enter send")
        screen.type(text)
        send(screen)
        screen.wait("(?i)not available|do not disturb")
        screen.wait("(?i)ask")
        screen.keys(key)
        screen.wait_gone("(?i)ask them")

    ask("first waits", "d")
    wait(lambda: [e for e in alice.outbox() if e["state"] == "waiting"], "a deferred entry")
    screen.wait("(?i)waiting")
    ask("second by email", "e")
    wait(lambda: mails_with(world, "bob", "second by email"), "the email", 40)
    ask("third anyway", "s")
    peer.wait_message("third anyway")
    ask("fourth asks", "a")
    peer.wait_message("later")
    wait(lambda: [e for e in alice.outbox() if e["state"] == "asked"], "an asked entry")
    peer.send(ALICE, "later")  # or every new device of Bob's would put the question to him again
    wait(lambda: not [e for e in alice.outbox() if e["state"] == "asked"], "the answer heard")
    ask("fifth is taken back", "Escape")
    peer.away(None)
    peer.wait_message("first waits")
    check(not peer.messages("fifth"), "a cancelled message was sent")
    screen.close()
    alice.engine()
    alice.wait_online()
    check(len(peer.messages("first waits")) == 1, "sent twice")
    alice.stop_engine()
    peer.close()


@scenario
def carried_history_on_the_other_side(world):
    """a second sennit shows the carried history in place, by mail and by IM, once"""
    alice, bob = person_of(world, "alice-carry"), person_of(world, "bob-carry")
    alice.engine()
    bob.engine()
    alice.wait_online()
    bob.wait_online()
    world.servers.deliver("alice", mail(f"Bob <{BOB}>", ALICE, "Tiller", "The tiller is loose", "tiller@example.test"))
    alice.wait_message(BOB, "The tiller is loose")
    alice.run("send", "--to", BOB, "--via", "im", "--reply-to", "tiller@example.test", "--history", "thread",
              "--if-unavailable", "send", text="I tighten it by IM")
    bob.wait_message(ALICE, "I tighten it by IM", channel="im")
    carried = bob.wait_message(ALICE, "The tiller is loose", carried=True)
    check(carried["channel"] == "mail", "the carried message keeps its channel")
    chat = alice.run("send", "--to", BOB, "--via", "im", "--history", "none", "--if-unavailable", "send",
                     text="And the rudder?").split()[0]
    alice.wait_state(chat, "delivered", "read", "accepted")
    alice.run("send", "--to", BOB, "--via", "mail", "--history", "last:3", text="All of it by mail")
    bob.wait_message(ALICE, "All of it by mail", channel="mail", seconds=40)
    texts = [m.get("body", "") for m in bob.timeline(ALICE)]
    check(sum("And the rudder?" in t and "All of it" not in t for t in texts) == 1, f"shown twice: {texts}")
    bob.stop_engine()
    screen = open_screen(bob, ALICE)
    screen.keys("G")
    screen.wait("The tiller is loose")
    screen.wait("(?i)told by Alice")
    screen.close()
    alice.stop_engine()


@scenario
def notification(world):
    """success is announced: a notification is seen on the bus when the deferred message arrived"""
    alice = person_of(world, "alice-notify")
    alice.engine()
    alice.wait_online()
    entry = alice.run("send", "--to", BOB, "--via", "im", "--history", "none", "--if-unavailable", "defer",
                      text="Ring when it is there").split()[0]
    alice.wait_state(entry, "waiting")
    peer = Peer(world, "bob")
    peer.wait_message("Ring when it is there")
    wait(lambda: world.notified(r"(?i)deliver(ed)?.{0,400}|Ring when it is there"), "a notification on the bus")
    peer.send(ALICE, "Something new for the desktop")
    wait(lambda: world.notified("Something new for the desktop"), "a notification of the incoming IM")
    alice.stop_engine()
    peer.close()


@scenario
def certificates(world):
    """wrong host name, expired and unknown certificates are refused on IMAP, SMTP and XMPP, by name"""
    for cert, words in (("wrongname", r"evil\.invalid|(host )?name|not for"), ("expired", "expired"),
                        ("unknown", r"unknown|not trusted|authority|issuer")):
        servers = world.add_servers(cert)
        alice = person_of(world, f"alice-{cert}", servers=servers)
        alice.run("doctor", code=None)
        report = alice.last.stdout
        for end in ("source", "outgoing", "im"):
            line = next((t for t in report.splitlines() if re.search(rf"\b{end}\b", t)), "")
            check(re.search(words, line, re.I), f"{cert}, {end}: {line!r} in\n{report}")
        screen = start_screen(alice)
        screen.command("accounts")
        screen.wait(f"(?i){words}")
        check(not list(servers.mails("alice")), "nothing may have been exchanged")
        screen.keys("Escape")
        screen.keys("q")
        screen.wait("sennit ended")
        screen.close()
        servers.stop()


@scenario
def dropped_lines(world):
    """server dropped in mid-sync and mid-send: nothing lost, nothing doubled"""
    servers = world.servers
    for i in range(150):
        servers.deliver("carol", mail(f"Sender {i} <s{i}@example.test>", CAROL, f"Number {i}", "x" * 2000,
                                      f"drop{i}@example.test"))
    sync, smtp, xmpp = (Proxy(servers.port("IMAPS"), cut_after=120000, cuts=2),
                        Proxy(servers.port("SMTPS"), cut_after=2600), Proxy(servers.port("XMPP"), cut_after=9000))
    secret = world.directory / "carol.secret"
    secret.write_text("carol-secret\n")
    secret.chmod(0o600)
    carol = world.profile("carol-drop", accounts=f"""[carol]
from = Carol <{CAROL}>
source = imaps://carol%40example.test@localhost:{sync.port}
outgoing = smtps://carol%40example.test@localhost:{smtp.port}
im = xmpp://{CAROL}
im-host = localhost:{xmpp.port}
password-command = cat {secret}
ca-file = {servers.ca}
""")
    carol.engine()
    wait(lambda: len(carol.json("search", "Number", "--limit", "1000")) >= 150, "all 150 emails", 90)
    check(sync.cut_count == 2, "the line was not cut")
    check(len(carol.json("search", "Number", "--limit", "1000")) == 150, "a message came twice")
    carol.wait_online()
    entry = carol.run("send", "--to", BOB, "--via", "mail", "--history", "none", "--yes", text="Through a cut line").split()[0]
    state = carol.wait_state(entry, "accepted", "delivered", "choosing", seconds=60)
    found = wait(lambda: mails_with(world, "bob", "Through a cut line"), "the email", 30) \
        if state["state"] != "choosing" else mails_with(world, "bob", "Through a cut line")
    check(len(found) <= 1, f"sent {len(found)} times")
    if state["state"] == "choosing":
        check(re.search("may have", state.get("reason", "")), f"certainty is impossible, and said: {state}")
    peer = Peer(world, "bob")
    for i in range(12):
        carol.run("send", "--to", BOB, "--via", "im", "--history", "none", "--yes", "--if-unavailable", "send",
                  text=f"Line {i} of twelve")
    wait(lambda: all(peer.messages(f"Line {i} of") for i in range(12)), "all twelve IMs", 60)
    ids = [m["id"] for m in peer.messages("of twelve")]
    check(len(set(ids)) == 12, f"{len(ids)} arrived under {len(set(ids))} ids")
    check(xmpp.cut_count == 1, "the XMPP line was not cut")
    carol.stop_engine()
    peer.close()
    for proxy in (sync, smtp, xmpp):
        proxy.close()


@scenario
def bad_configuration(world):
    """wrong password, bad key, unreachable server: a clear message, and the client is usable"""
    alice = person_of(world, "alice-bad")
    good = (alice.directory / "accounts.conf").read_text()
    alice.write("accounts.conf", good.replace("outgoing =", "outgoin ="))
    alice.run("list", code=2)
    check(re.search(r"accounts\.conf:\d+", alice.last.stderr) and "outgoing" in alice.last.stderr,
          f"file, line, nearest word: {alice.last.stderr}")
    alice.write("accounts.conf", re.sub(r"password-command = .*", "password-command = echo wrong", good))
    screen = start_screen(alice)
    screen.command("accounts")
    screen.wait(r"(?i)password|refused|login")
    screen.keys("Escape")
    screen.keys("?")
    screen.wait("(?i)help|keys")
    screen.keys("Escape")
    screen.keys("q")
    screen.wait("sennit ended: 0")
    screen.close()
    alice.write("accounts.conf", re.sub(r"localhost:\d+", "localhost:1", good))
    screen = start_screen(alice)
    screen.command("accounts")
    screen.wait(r"(?i)refused|unreachable|cannot connect")
    screen.keys("Escape")
    screen.keys("q")
    screen.wait("sennit ended: 0")
    screen.close()


@scenario
def commands_beside_a_client(world):
    """send, list, show, search, outbox with --json work beside a running client"""
    alice, peer = person_of(world, "alice-cli"), Peer(world, "bob")
    screen = open_screen(alice, BOB)
    entry = alice.run("send", "--to", BOB, "--via", "im", "--history", "none", "--wait", "20",
                      text="From the command line").split()[0]
    peer.wait_message("From the command line")
    screen.wait("From the command line")
    rows = alice.json("list")
    check(any(r["kind"] == "person" and "preview" in r and r["last_time"].endswith("Z") for r in rows), f"list: {rows}")
    shown = alice.find(BOB, "From the command line")
    check(shown and shown[0]["state"] in ("accepted", "delivered", "read"), f"show: {shown}")
    check(alice.json("search", "command line"), "search finds it")
    found = next(e for e in alice.outbox() if e["id"] == int(entry))
    check(found["events"] and found["channel"] == "im", f"outbox: {found}")
    alice.run("show", "nobody@nowhere.test", code=3)
    alice.run("list", "--nonsense", code=2)
    peer.send(ALICE, "An answer for the screen")
    screen.wait("An answer for the screen")
    screen.close()
    peer.close()


if __name__ == "__main__":
    sys.exit(run_scenarios(SCENARIOS, sys.argv[1], sys.argv[2:]))
