#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Two people with sennit, real servers between them: do both hold the same history afterwards?

two_stores.py PROGRAM      prints TAP, and the comparison as a table in its comments

alice and bob write to each other by email and IM, each answering over the other channel with history.
Then four stores are compared: alice's, bob's, and two of bob's that saw one channel only, so that they
have the rest as it was told. At last the one that could not reach the chat server reaches it: what
was told becomes its own. Plain clients (Python's email, slixmpp) answer in between.
"""

import email.message
import email.policy
import email.utils
import hashlib
import os
import re
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from world import Failed, Peer, World, wait  # noqa: E402

ALICE, BOB, CAROL = "alice@example.test", "bob@example.test", "carol@example.test"
CLOCKS = 30  # seconds by which the two sides may know the same IM at different times

VCARD = """BEGIN:VCARD\r
VERSION:3.0\r
FN:{name}\r
EMAIL:{address}\r
IMPP:xmpp:{address}\r
END:VCARD\r
"""

results = []


def result(ok, name, detail=""):
    results.append(ok)
    print(f"{'ok' if ok else 'not ok'} {len(results)} - {name}", flush=True)
    for line in detail.splitlines():
        print(f"#   {line}", flush=True)


def note(text=""):
    print(f"# {text}".rstrip(), flush=True)


# ---- the people ----

def profile(world, name, user, ends=("mail", "im")):
    """A profile of the user; an end that is not named leads to a port where nobody answers."""
    contacts = world.directory / "contacts"
    contacts.mkdir(exist_ok=True)
    for who, address in (("Bob Ropewalk", BOB), ("Alice Liddell", ALICE)):
        (contacts / f"{address}.vcf").write_text(VCARD.format(name=who, address=address))
    servers = world.servers
    imap = servers.port("IMAPS") if "mail" in ends else 1
    xmpp = servers.port("XMPP") if "im" in ends else 1
    secret = world.directory / f"{user}.secret"
    secret.write_text(f"{user}-secret\n")
    secret.chmod(0o600)
    return world.profile(name, settings=f"[general]\nvdir = {contacts}\n[im]\nomemo = false\n", accounts=f"""[{user}]
from = {user.capitalize()} <{user}@example.test>
source = imaps://{user}%40example.test@localhost:{imap}
outgoing = smtp+starttls://{user}%40example.test@localhost:{servers.port('SMTP')}
im = xmpp://{user}@example.test
im-host = localhost:{xmpp}
password-command = cat {secret}
ca-file = {servers.ca}
""")


def send(who, to, text, *options, via="mail", history="none"):
    """Sends and returns when the server has taken it; the message as the sender's store has it."""
    words = ["send", "--to", to, "--via", via, "--history", history, "--if-unavailable", "send",
             "--yes", *options]
    entry = who.run(*words, text=text, code=None).split()
    if not entry:
        raise Failed(f"{who.name}: {' '.join(map(str, words))}: {who.last.stderr}")
    who.wait_state(entry[0], "accepted", "delivered", "read")
    return who.find(to, text.splitlines()[0], direction="out")[-1]


def arrived(who, sender, text, **facts):
    return who.wait_message(sender, text, direction="in", **facts)


# ---- comparing ----

def key_of(message):
    return message.get("message_id") or message.get("origin_id")


def letters(text):
    return re.sub(r"\s+", "", text or "")


def seconds(message):
    stamp = message["time"].replace("Z", "+00:00")
    from datetime import datetime
    return datetime.fromisoformat(stamp).timestamp()


def files(message):
    """Names and hashes. A text's own parts are none."""
    return sorted((a.get("name") or "", a.get("sha256") or "") for a in message.get("attachments", ()))


def held(who, other):
    """id -> message. What only brought history along is not shown, and so not here."""
    found = {}
    for message in who.timeline(other):
        if (message.get("body") or "").startswith("Earlier messages:"):
            continue  # history as text, which says what no other stanza brings: folded, and no message
        key = key_of(message)
        if key in found:
            raise Failed(f"{who.name} shows {key} twice")
        found[key] = message
    return found


def differences(one, two, with_files=True):
    """In what two records of one message differ; empty when they agree."""
    wrong = []
    if one["channel"] != two["channel"]:
        wrong.append(f"channel {one['channel']}/{two['channel']}")
    if one["from"].lower() != two["from"].lower():
        wrong.append(f"sender {one['from']}/{two['from']}")
    limit = 1 if one["channel"] == "mail" else CLOCKS
    if abs(seconds(one) - seconds(two)) > limit:
        wrong.append(f"time {one['time']}/{two['time']}")
    a, b = letters(one.get("body")), letters(two.get("body"))
    # an email that is told keeps the transcript below it
    if a != b and not (two.get("carried") and one["channel"] == "mail" and b.startswith(a)):
        wrong.append(f"text {one.get('body')!r}/{two.get('body')!r}")
    if letters(one.get("subject")) != letters(two.get("subject")):
        wrong.append(f"subject {one.get('subject')!r}/{two.get('subject')!r}")
    if with_files and files(one) != files(two):
        wrong.append(f"files {files(one)}/{files(two)}")
    return wrong


def mark(message):
    if not message:
        return "-"
    words = "told" if message.get("carried") else "own"
    return words + ("!" if set(message.get("contradicted", ())) - {"earlier message"} else "")


def table(stores):
    """One line for each message, one column for each store."""
    everything = {}
    for _, messages in stores:
        for key, message in messages.items():
            everything.setdefault(key, message)
    rows = sorted(everything.items(), key=lambda item: (seconds(item[1]), item[0]))
    note()
    note(f"{'time':8} {'via':4} {'from':5} {'text':34} files  " +
         " ".join(f"{name:12}" for name, _ in stores))
    for key, message in rows:
        body = " ".join((message.get("body") or message.get("subject") or "").split())
        text = (body[:31] + "...") if len(body) > 34 else body
        note(f"{message['time'][11:19]} {message['channel']:4} {message['from'].split('@')[0]:5} "
             f"{text:34} {len(files(message)):5}  " +
             " ".join(f"{mark(messages.get(key)):12}" for _, messages in stores))
    note()


def compare(name, one, two, with_files=True, keys=None):
    """The same messages with the same facts?"""
    lines = []
    for key in sorted((set(one) | set(two)) if keys is None else keys):
        if key not in one or key not in two:
            lines.append(f"{key}: only in the {'first' if key in one else 'second'}: "
                         f"{(one.get(key) or two.get(key)).get('body')!r}")
            continue
        lines += [f"{key}: {words}" for words in differences(one[key], two[key], with_files)]
    result(not lines, name, "\n".join(lines))


# ---- plain clients ----

def plain_reply(world, user, to, raw, text):
    """What a mail program that knows nothing of us answers to an email."""
    asked = email.message_from_bytes(raw, policy=email.policy.default)
    reply = email.message.EmailMessage()
    reply["From"], reply["To"] = f"{user}@example.test", to
    subject = asked["subject"] or ""
    reply["Subject"] = subject if subject.lower().startswith("re:") else f"Re: {subject}"
    reply["Message-ID"] = email.utils.make_msgid(domain="example.test")
    reply["Date"] = email.utils.formatdate(localtime=True)
    reply["In-Reply-To"] = asked["message-id"]
    reply["References"] = f"{asked.get('references', '')} {asked['message-id']}".strip()
    reply.set_content(text)
    world.servers.deliver(to.split("@")[0], reply.as_bytes())
    return reply["Message-ID"].strip("<>")


def mail_with(world, user, text):
    def look():
        return next((raw for raw in world.servers.mails(user) if text.encode() in raw), None)
    return wait(look, f"an email with {text!r} in {user}'s mailbox")


# ---- the story ----

def correspondence(world, alice, bob):
    """Both ways, over both channels, each answer with history; three hops and more."""
    drawing = world.directory / "drawing \u56f3.bin"
    drawing.write_bytes(hashlib.sha256(b"drawing").digest() * 900)
    photo = world.directory / "photo.png"
    photo.write_bytes(b"\x89PNG" + bytes(range(256)) * 8)
    first = send(alice, BOB, "Könntest du den dritten Durchstich ansehen?\n\n図面を添付します。",
                 "--subject", "Spleiß \u2013 \u56f3\u9762", "--attach", drawing)
    arrived(bob, ALICE, "Könntest du")
    # email answered by IM, with the thread
    send(bob, ALICE, "Der dritte ist gut \N{HOT BEVERAGE}", "--reply-to", first["message_id"], via="im",
         history="thread")
    arrived(alice, BOB, "Der dritte ist gut")
    send(alice, BOB, "Danke! \u8b1d\u8b1d", via="im")
    arrived(bob, ALICE, "Danke!")
    # IM answered by email, with the last ones
    thanks = bob.find(ALICE, "Danke!")[-1]
    send(bob, ALICE, "Mehr dazu steht hier.", "--reply-to", thanks["id"],
         "--subject", "Mehr", history="last:4")
    arrived(alice, BOB, "Mehr dazu steht hier.")
    # an IM with a file, and one that looks like another
    send(alice, BOB, "So sieht es aus", "--attach", photo, via="im")
    arrived(bob, ALICE, "So sieht es aus")
    for _ in range(2):
        send(bob, ALICE, "ok", via="im")
    wait(lambda: len([m for m in alice.timeline(BOB) if m.get("body") == "ok"]) == 2, "both of bob's ok")
    # longer than a stanza may be, with blanks and line ends where it is cut
    text = "Lang: " + "".join(f"{n}. Zeile <mit> & Umlaut ä {'x' * (n % 7)}\n" for n in range(1500)) + "Ende"
    send(alice, BOB, text, via="im")
    arrived(bob, ALICE, "Lang: ")
    wait(lambda: len(bob.find(ALICE, ". Zeile <mit>")) == 1, "the long text as one message")
    whole = bob.find(ALICE, "Lang: ")[-1]
    result(whole["body"] == text, "a text longer than a stanza arrives as one message, to the letter",
           f"{len(whole['body'])} of {len(text)} letters")
    # third hop: everything again, from the other side, twice
    more = alice.find(BOB, "Mehr dazu steht hier.")[-1]
    send(alice, BOB, "Alles noch einmal von mir.", "--reply-to", more["message_id"], history="all")
    arrived(bob, ALICE, "Alles noch einmal von mir.")
    send(bob, ALICE, "Und von mir per IM.", via="im", history="last:20")
    arrived(alice, BOB, "Und von mir per IM.")
    send(alice, BOB, "Zum Schluss.", "--subject", "Schluss", history="all")
    arrived(bob, ALICE, "Zum Schluss.")


def threads(alice, bob):
    """An answer stands under what it answers, on both sides."""
    cases = (("an IM that answers an email", "Der dritte ist gut", "Könntest du"),
             ("an email that answers an IM", "Mehr dazu steht hier.", "Danke!"),
             ("an email that answers an email", "Alles noch einmal", "Mehr dazu"))
    for name, text, asked in cases:
        for who, other in ((alice, BOB), (bob, ALICE)):
            answer, parent = who.find(other, text)[0], who.find(other, asked)[0]
            result(answer.get("reply_to") == parent["id"] and answer.get("thread") == parent.get("thread"),
                   f"{name} folds under it in {who.name}'s store",
                   "" if answer.get("reply_to") == parent["id"] else f"{answer}\n{parent}")


def settled(who, other, want):
    """Waits until the store shows no fewer messages than these."""
    def look():
        keys = set(held(who, other))
        return keys >= want
    try:
        wait(look, f"{who.name} to hold {len(want)} messages", 40)
    except Failed:
        pass  # the comparison says what is missing


def scenario_same_history(world):
    alice, bob = profile(world, "alice", "alice"), profile(world, "bob", "bob")
    only_mail = profile(world, "bob-mail", "bob", ends=("mail",))
    for who in (alice, bob):
        who.engine()
        who.wait_online()
    correspondence(world, alice, bob)
    by_alice = held(alice, BOB)
    settled(bob, ALICE, set(by_alice))
    by_bob = held(bob, ALICE)
    compare("alice and bob hold the same messages", by_alice, by_bob)
    hearsay = [m for m in [*by_alice.values(), *by_bob.values()] if m["carried"]]
    result(not hearsay, "nobody has by hearsay what he has himself", str([str(m)[:300] for m in hearsay]))
    result(not [m for m in [*by_alice.values(), *by_bob.values()] if m.get("contradicted")],
           "nobody told anything otherwise",
           "\n".join(f"{m['body']!r}: {m['contradicted']}" for m in [*by_alice.values(), *by_bob.values()]
                     if m.get("contradicted")))
    threads(alice, bob)

    # bob's machine that reaches the mail server only: what was said by IM is told by the emails
    only_mail.engine()
    only_mail.wait_online(ends=("source",))
    settled(only_mail, ALICE, set(by_alice) - {key_of(by_alice[k]) for k in by_alice
                                               if by_alice[k].get("body") == "Zum Schluss."})
    by_mail = held(only_mail, ALICE)
    stores = [("alice", by_alice), ("bob", by_bob), ("bob by mail", by_mail)]
    told = [m for m in by_mail.values() if m["carried"]]
    result(bool(told) and all(m["channel"] == "im" for m in told),
           "where no IM came by itself, all of them are told", str([m["body"] for m in told]))
    result(set(by_mail) == set(by_alice), "and no message is missing",
           "\n".join(f"missing: {by_alice[k]['body']!r}" for k in set(by_alice) - set(by_mail)) +
           "\n".join(f"too many: {by_mail[k]['body']!r}" for k in set(by_mail) - set(by_alice)))
    compare("what is told agrees with what was said", by_alice, by_mail,
            keys=set(by_alice) & set(by_mail))
    unread = next((row["unread"] for row in only_mail.json("list") if ALICE in row.get("addresses", ())), 0)
    mails_in = [m for m in by_mail.values() if m["channel"] == "mail" and m["direction"] == "in"]
    result(unread <= len(mails_in), "nothing that is told is unread", f"{unread} of {len(mails_in)} emails")
    only_mail.stop_engine()

    # it reaches the chat server: the archive brings the originals
    profile(world, "bob-mail", "bob")
    only_mail.engine()
    only_mail.wait_online()

    def all_own():
        rows = held(only_mail, ALICE)
        return set(rows) == set(by_bob) and not [m for m in rows.values() if m["carried"]]
    try:
        wait(all_own, "all that was told to be received", 30)
    except Failed:
        pass  # the comparison says what is wrong
    after = held(only_mail, ALICE)
    stores.append(("after sync", after))
    table(stores)
    compare("the originals take the place of what was told", by_bob, after)
    for who in (alice, bob, only_mail):
        who.stop_engine()


def scenario_by_im_only(world):
    """The other way round: emails that reach only by IM."""
    alice, bob = profile(world, "alice", "alice"), profile(world, "bob-im", "bob", ends=("im",))
    alice.engine()
    bob.engine()
    alice.wait_online()
    bob.wait_online(ends=("im",))
    asked = send(alice, BOB, "Does the yellow crane reach?", "--subject", "Crane")
    send(alice, BOB, "See the email", "--reply-to", asked["message_id"], via="im", history="thread")
    arrived(bob, ALICE, "See the email")
    told = bob.wait_message(ALICE, "yellow crane", carried=True)
    compare("an email that came by IM only agrees with the original", held(alice, BOB), held(bob, ALICE),
            keys={told["message_id"]})
    rows = bob.timeline(ALICE)
    # the archive may bring links of the scenarios before as well: only an email's file counts
    result(not [m for m in rows if any(line.startswith("https://") and ".eml" in line
                                       for line in (m.get("body") or "").splitlines())
                or any((a.get("name") or "").endswith(".eml") for a in m.get("attachments", ()))],
           "the file that brought it is no line of its own", str([m.get("body") for m in rows]))
    reply = bob.find(ALICE, "See the email")[-1]
    result(reply.get("brought") == 1 and told["carried_by"] == reply["id"]
           and reply.get("reply_to") == told["id"], "the reply is its teller, and answers it", str(reply))
    result(bob.run("told", "remove", "--yes", reply["id"]).strip() == "1 removed"
           and not bob.find(ALICE, "yellow crane", carried=True), "and it goes with one word")
    for who in (alice, bob):
        who.stop_engine()


def scenario_plain_clients(world):
    """Only alice has sennit; carol answers with what everybody has."""
    alice, carol = profile(world, "alice", "alice"), Peer(world, "carol")
    alice.engine()
    alice.wait_online()
    card = world.directory / "contacts" / "carol.vcf"
    card.write_text(VCARD.format(name="Carol Marline", address=CAROL))
    wait(lambda: any({a["kind"] for a in p["addresses"] if a["confirmed"]} == {"im", "mail"}
                     and any(a["value"] == CAROL for a in p["addresses"]) for p in alice.json("people")),
         "carol's two addresses known as one")

    def parent_of(text):
        answer = arrived(alice, CAROL, text)
        return next((m for m in alice.timeline(CAROL) if m["id"] == answer.get("reply_to")), None), answer

    def folds(name, text, asked):
        parent, answer = parent_of(text)
        result(parent is not None and asked in (parent.get("body") or ""), name, "" if parent else str(answer))

    # an email answered by IM; the plain client copies the thread, or quotes, or does neither
    world.servers.deliver("alice", "\r\n".join((
        f"From: Carol <{CAROL}>", f"To: {ALICE}", "Subject: Your book", "Message-ID: <book@example.test>",
        f"Date: {email.utils.formatdate(localtime=True)}", "", "When are you at home?", "")))
    arrived(alice, CAROL, "When are you at home?")
    send(alice, CAROL, "Any evening is fine for me", "--reply-to", "book@example.test", via="im")
    got = carol.wait_message("Any evening is fine")
    result("When are you at home?" in got["body"] and "<book@example.test>" in got["raw"].replace("&lt;", "<").replace("&gt;", ">"),
           "a plain chat client sees what is answered, a better one is told", got["raw"])
    thread = re.search(r"<thread[^>]*>([^<]+)</thread>", got["raw"])
    carol.do("send", to=ALICE, body="Then on Tuesday", thread=thread.group(1) if thread else None)
    folds("an answer that copies the thread folds under it", "Then on Tuesday", "Any evening")
    carol.do("send", to=ALICE, body="> Any evening is fine for me\nOr on Wednesday")
    folds("an answer that quotes folds under it", "Or on Wednesday", "Any evening")
    carol.send(ALICE, "Did you see the new sail?")
    parent, _ = parent_of("Did you see the new sail?")
    result(parent is None, "what answers nothing stands for itself", str(parent))

    # an IM answered by email; a plain mail program answers that
    asked = alice.find(CAROL, "Did you see the new sail?")[-1]
    send(alice, CAROL, "Yes, a good one.", "--reply-to", asked["id"], "--subject", "The sail")
    raw = mail_with(world, "carol", "Yes, a good one.")
    message = email.message_from_bytes(raw, policy=email.policy.default)
    real = {m["message_id"] for m in alice.timeline(CAROL) if m.get("message_id")}
    named = re.findall(r"<([^>]+)>", f"{message.get('in-reply-to', '')} {message.get('references', '')}")
    result(set(named) <= real, "In-Reply-To and References name real emails only", str(named))
    plain_reply(world, "carol", ALICE, raw, "I am glad you like it.")
    folds("a mail program's answer folds under it", "I am glad you like it.", "Yes, a good one.")
    answer, root = arrived(alice, CAROL, "I am glad"), alice.find(CAROL, "Did you see")[-1]
    result(answer.get("thread") and answer["thread"] == root.get("thread"),
           "and belongs to the thread that the IM began", f"{answer}\n{root}")

    # an IM that became an email; a plain mail program answers that
    entry = alice.run("send", "--to", CAROL, "--via", "im", "--history", "none", "--if-unavailable", "defer",
                      "--yes", "--when", "online", text="Come to the quay").split()[0]
    alice.run("outbox", "convert", entry)
    raw = mail_with(world, "carol", "Come to the quay")
    plain_reply(world, "carol", ALICE, raw, "I come at noon.")
    folds("an answer to an IM that became an email folds under that", "I come at noon.", "Come to the quay")
    answer = arrived(alice, CAROL, "I come at noon.")
    ims = [m for m in alice.find(CAROL, "Come to the quay") if m["channel"] == "im"]
    result(bool(ims) and ims[0].get("thread") == answer.get("thread"),
           "and belongs to the thread of that IM", f"{ims}\n{answer}")

    # an email that keeps the time of the IM it was goes at once on the user's word
    entry = alice.run("send", "--to", CAROL, "--via", "im", "--history", "none", "--after", "2h", "--yes",
                      text="Bring the long line").split()[0]
    said = alice.run("outbox", "convert", entry)
    named = re.fullmatch(r"converted to entry (\d+)\n", said)
    result(bool(named), "the entry that became an email names the email's", said)
    later = [e for e in alice.outbox() if named and e["id"] == int(named.group(1))]
    result(bool(later) and later[0]["state"] == "queued" and later[0].get("send_at"),
           "which keeps its time", str(later))
    alice.run("outbox", "send", later[0]["id"])
    mail_with(world, "carol", "Bring the long line")
    alice.wait_state(later[0]["id"], "accepted", "delivered")
    result(True, "until the user says now")
    carol.close()
    alice.stop_engine()


SCENARIOS = (scenario_same_history, scenario_by_im_only, scenario_plain_clients)


def main():
    only = sys.argv[2:]
    world = World(sys.argv[1], desktop=False)
    if os.environ.get("SENNIT_MODULES"):
        world.environment["SENNIT_MODULES"] = os.environ["SENNIT_MODULES"]
    try:
        for scenario in SCENARIOS:
            if only and not any(word in scenario.__name__ for word in only):
                continue
            try:
                scenario(world)
            except Exception as failure:  # the others say something too
                result(False, scenario.__name__, f"{type(failure).__name__}: {failure}")
            world.tidy()
            for name in ("alice", "bob", "bob-mail", "bob-im"):
                clear(world, name)
    finally:
        world.close()
    print(f"1..{len(results)}", flush=True)
    return 0 if results and all(results) else 1


def clear(world, name):
    """A new store for the next scenario; the servers keep what they have."""
    import shutil
    shutil.rmtree(world.directory / "profiles" / name, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
