# SPDX-License-Identifier: GPL-3.0-or-later
"""The small story that the demo plays in: what lies in alice's and bob's mailboxes at the start."""

import base64
import email.utils
import imaplib
import ssl
import time

DAY = 86400

# One line each, so that it fills the terminal, however wide that is.
WELCOME = """Hello Alice,

this is sennit, on real servers in a throw-away directory. Bob is a small \
program with a sennit of his own, and reads what you write. Try this:

1. Open Bob (k or j, Enter). His last email asks for an answer. Press c: \
the line above the composer says that you answer it by IM. Write a line, \
press Enter. He finds the earlier emails along with it, and answers.

2. Answer him once more, and he goes to his workshop; the line says \
email now. Press C-t for IM, and write: you are asked what to do. \
Press d, and the message waits. o shows what waits, and why. It goes \
by itself when he is back, within a minute.

3. Carol wrote an email, and her IM address is not known. Answer her \
with c: you are asked for it once (carol@example.test).

? shows every key. q leaves, and everything is removed.

The people who make sennit
"""

LIST_POST = """Hi all,

the winter workshop is on the second Saturday of December. We will do the eight-strand square
sennit and a Turk's head; bring a fid if you have one.

> Is there a beginners' table?

There is. Dora looks after it.

-- 
Edda
rope-makers mailing list
"""

HTML = """<html><head><style>p{font-family:sans-serif}</style></head><body>
<table width="600"><tr><td><h1>Harbour Café</h1>
<p>This week at the quay:</p>
<ul><li><b>Tuesday</b>: fish soup, 6.50</li><li><b>Friday</b>: live accordion from eight</li></ul>
<p><a href="https://cafe.example.test/menu">See the whole menu</a> or
<a href="https://cafe.example.test/table">keep a table</a>.</p>
<img src="https://track.example.test/open.gif?id=4711" width="1" height="1">
<p style="display:none">special offer for robots</p></td></tr></table></body></html>
"""

ROUTE = """<?xml version="1.0"?>
<gpx version="1.1" creator="bob"><trk><name>Harbour walk</name><trkseg>
<trkpt lat="53.5436" lon="9.9665"/><trkpt lat="53.5451" lon="9.9720"/>
</trkseg></trk></gpx>
"""


def message(sender, to, subject, text, when, ident, headers=(), kind="plain", attachment=None):
    head = [f"From: {sender}", f"To: {to}", f"Subject: {subject}",
            f"Date: {email.utils.formatdate(when, localtime=True)}", f"Message-ID: <{ident}>",
            *headers, "MIME-Version: 1.0"]
    body = [f"Content-Type: text/{kind}; charset=utf-8", "Content-Transfer-Encoding: 8bit", "", text]
    if attachment:
        name, content_type, data = attachment
        encoded = base64.encodebytes(data.encode()).decode()
        head.append('Content-Type: multipart/mixed; boundary="strand"')
        body = ["", "--strand", *body, "--strand", f"Content-Type: {content_type}",
                f'Content-Disposition: attachment; filename="{name}"',
                "Content-Transfer-Encoding: base64", "", encoded + "--strand--", ""]
    return "\n".join(head + body).encode()


def append(servers, user, folder, raw, when, seen=True):
    """Puts a message into a folder by IMAP, with the date it would have had."""
    context = ssl.create_default_context(cafile=servers.ca)
    with imaplib.IMAP4_SSL("localhost", servers.port("IMAPS"), ssl_context=context) as imap:
        imap.login(f"{user}@example.test", f"{user}-secret")
        imap.append(folder, "(\\Seen)" if seen else None, imaplib.Time2Internaldate(when), raw)


def play(servers):
    """Fills the mailboxes."""
    now = time.time()
    alice, bob = "Alice Liddell <alice@example.test>", "Bob Ropewalk <bob@example.test>"
    walk = "harbour-walk"

    def both(sender, to, subject, text, when, ident, seen=True, **kw):
        raw = message(sender, to, subject, text, when, f"{ident}@example.test", **kw)
        from_alice = sender is alice
        append(servers, "alice", "Sent" if from_alice else "INBOX", raw, when, seen)
        append(servers, "bob", "INBOX" if from_alice else "Sent", raw, when)

    def to_alice(sender, subject, text, when, ident, seen=False, **kw):
        to = kw.pop("to", alice)
        raw = message(sender, to, subject, text, when, f"{ident}@example.test", **kw)
        append(servers, "alice", "INBOX", raw, when, seen)

    both(bob, alice, "Harbour walk on Saturday?",
         "Hi Alice,\n\nshall we do the harbour walk on Saturday? The route is attached, two hours\n"
         "with a stop for fish rolls.\n\nBob\n", now - 6 * DAY, walk + "-1",
         attachment=("harbour-walk.gpx", "application/gpx+xml", ROUTE))
    both(alice, bob, "Re: Harbour walk on Saturday?",
         "Gladly! Is ten too early?\n\nAlice\n\nBob Ropewalk wrote:\n"
         "> shall we do the harbour walk on Saturday? The route is attached, two hours\n"
         "> with a stop for fish rolls.\n", now - 5.8 * DAY, walk + "-2",
         headers=(f"In-Reply-To: <{walk}-1@example.test>", f"References: <{walk}-1@example.test>"))
    both(bob, alice, "Re: Harbour walk on Saturday?",
         "Ten is fine. I bring the thermos.\n\n> Gladly! Is ten too early?\n", now - 5.7 * DAY,
         walk + "-3", headers=(
             f"In-Reply-To: <{walk}-2@example.test>",
             f"References: <{walk}-1@example.test> <{walk}-2@example.test>"))
    to_alice("Edda Hitch <edda@example.test>", "[rope-makers] Winter workshop", LIST_POST, now - 3 * DAY,
             "workshop", to="rope-makers@lists.example.test",
             headers=("List-Id: The rope makers <rope-makers.lists.example.test>",
                      "List-Post: <mailto:rope-makers@lists.example.test>"))
    to_alice("Harbour Café <news@example.test>", "Fish soup and accordion", HTML, now - 2 * DAY, "cafe",
             kind="html")
    to_alice("Carol Marline <carol@example.test>", "The book you lent me",
             "Dear Alice,\n\nI have finished it and would like to give it back. When are you at home?\n\n"
             "Carol\n", now - 1 * DAY, "book")
    both(bob, alice, "The splice drawing",
         "Alice,\n\ncould you look at the drawing of the splice before I send it to the printer?\n"
         "The third tuck looks wrong to me.\n\nBob\n", now - 3 * 3600, "splice-1", seen=False)
    to_alice("The sennit demo <welcome@example.test>", "Three things to try", WELCOME, now - 60, "welcome")


VCARD = """BEGIN:VCARD\r
VERSION:3.0\r
UID:bob-ropewalk\r
FN:Bob Ropewalk\r
N:Ropewalk;Bob;;;\r
EMAIL:bob@example.test\r
IMPP:xmpp:bob@example.test\r
END:VCARD\r
"""
