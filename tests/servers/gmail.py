#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""gmail.py PORT CERTIFICATE KEY - an IMAP server over TLS, on loopback, that behaves as Google documents
Gmail to behave (https://developers.google.com/workspace/gmail/imap/imap-extensions, and what its help
says of deleting). It is no Gmail: what Google does not document is what other clients found.

An email lies once in the folder with the use \\All, or in Spam or the trash. Every other folder is a label.
Within a label's folder X-GM-LABELS leaves that label out. Who throws an email away takes its labels from it;
what is expunged in a label's folder loses the label only. Folders have German names, as those of a user
whose language that is. Any user, any password.

XTEST SILENT 1|0    a label counts (not) as a change for MODSEQ
XTEST BODIES        * XTEST n: bodies sent so far
XTEST FORGET        the folder of all emails gets another UIDVALIDITY
"""
import asyncio
import re
import ssl
import sys
import time

CAPABILITIES = ("IMAP4rev1 UNSELECT IDLE NAMESPACE QUOTA ID XLIST CHILDREN X-GM-EXT-1 UIDPLUS "
                "ENABLE MOVE CONDSTORE ESEARCH LIST-EXTENDED LIST-STATUS SPECIAL-USE APPENDLIMIT=35651584")
ALL, TRASH, SPAM = "[Gmail]/Alle Nachrichten", "[Gmail]/Papierkorb", "[Gmail]/Spam"
USES = {ALL: "\\All", TRASH: "\\Trash", SPAM: "\\Junk", "[Gmail]/Gesendet": "\\Sent",
        "[Gmail]/Entw&APw-rfe": "\\Drafts", "[Gmail]/Markiert": "\\Flagged",
        "[Gmail]/Wichtig": "\\Important"}
LABELS = {"INBOX": "\\Inbox", "[Gmail]/Gesendet": "\\Sent", "[Gmail]/Entw&APw-rfe": "\\Draft",
          "[Gmail]/Markiert": "\\Starred", "[Gmail]/Wichtig": "\\Important"}


class No(Exception):
    pass


class Email:
    def __init__(self, number, raw, flags, date):
        self.msgid = 1278455344230334865 + number
        self.raw, self.flags, self.date = raw, set(flags), date
        self.labels, self.where, self.modseq = set(), ALL, 0
        self.uids = {}


class Box:
    def __init__(self):
        self.emails, self.names, self.numbers = [], list(USES) + ["INBOX"], {}
        self.validity, self.modseq, self.silent, self.bodies, self.given = 600, 1000, False, 0, 0
        self.wake = asyncio.Condition()

    def label_of(self, folder):
        return LABELS.get(folder, folder)

    def folder_of(self, label):
        system = {"\\drafts": "\\draft", "\\flagged": "\\starred"}.get(label.lower(), label.lower())
        for folder, name in LABELS.items():
            if name.lower() == system:
                return folder
        return label

    def holds(self, folder, email):
        if folder in (ALL, TRASH, SPAM):
            return email.where == folder
        return email.where == ALL and self.label_of(folder) in email.labels

    def settle(self, email):
        """Gives it numbers where it came to lie."""
        for folder in self.names:
            if not self.holds(folder, email):
                email.uids.pop(folder, None)
            elif folder not in email.uids:
                self.numbers[folder] = self.numbers.get(folder, 0) + 1
                email.uids[folder] = self.numbers[folder]

    def touch(self, email, label=False):
        if not (label and self.silent):
            self.modseq += 1
            email.modseq = self.modseq
        self.settle(email)

    def put(self, folder, email):
        """It is copied there: a label more, or away."""
        if folder in (TRASH, SPAM):
            email.where = folder
            email.labels.clear()
        else:
            email.where = ALL
            if folder != ALL:
                email.labels.add(self.label_of(folder))
        self.touch(email, label=folder not in (TRASH, SPAM))

    def list(self, folder):
        return sorted((e for e in self.emails if self.holds(folder, e)), key=lambda e: e.uids[folder])

    def add_label(self, label):
        folder = self.folder_of(label)
        if folder not in self.names:
            self.names.append(folder)
        return self.label_of(folder)


box = Box()


def quote(text):
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


class Reader:
    """Words of a command: str, bytes of literals, lists."""

    def __init__(self, parts):
        self.words = []
        stack = [self.words]
        for text, literal in parts:
            text = re.sub(r"~?\{\d+\+?\}$", "", text)
            for word in re.findall(r'"(?:[^"\\]|\\.)*"|\(|\)|[^\s()"]+', text):
                if word == "(":
                    stack.append([])
                    stack[-2].append(stack[-1])
                elif word == ")":
                    stack.pop()
                elif word[0] == '"':
                    stack[-1].append(re.sub(r"\\(.)", r"\1", word[1:-1]))
                else:
                    stack[-1].append(word)
            if literal is not None:
                stack[-1].append(literal)


class Session:
    def __init__(self, reader, writer):
        self.reader, self.writer = reader, writer
        self.folder, self.known = None, []
        self.condstore = False

    def say(self, text):
        self.writer.write(text.encode() + b"\r\n")

    async def command(self):
        parts = []
        while True:
            line = await self.reader.readline()
            if not line:
                return None
            text = line.decode().rstrip("\r\n")
            match = re.search(r"\{(\d+)(\+?)\}$", text)
            if not match:
                parts.append((text, None))
                return parts
            if not match[2]:
                self.say("+ go ahead")
                await self.writer.drain()
            parts.append((text, await self.reader.readexactly(int(match[1]))))

    async def run(self):
        self.say("* OK Gimap ready for requests from 127.0.0.1 k2if6111336rvb.0")
        while (parts := await self.command()) is not None:
            words = Reader(parts).words
            tag, name = words[0], words[1].upper()
            words = words[2:]
            uid = name == "UID"
            if uid:
                name, words = words[0].upper(), words[1:]
            try:
                handler = getattr(self, "do_" + name.lower(), None)
                if handler is None:
                    self.say(f"{tag} BAD Unknown command")
                    continue
                code = await handler(words, tag) if not uid else await handler(words, tag, True)
                self.news()
                self.say(f"{tag} OK {code or ''}{' ' if code else ''}Success")
            except No as error:
                self.say(f"{tag} NO {error}")
            await self.writer.drain()
            async with box.wake:
                box.wake.notify_all()
            if name == "LOGOUT":
                break
        self.writer.close()

    # ---- what the selected folder holds ----

    def news(self):
        if not self.folder:
            return
        now = box.list(self.folder)
        for index in range(len(self.known) - 1, -1, -1):
            if self.known[index] not in now:
                self.say(f"* {index + 1} EXPUNGE")
                del self.known[index]
        if len(now) != len(self.known):
            self.known = now
            self.say(f"* {len(now)} EXISTS")

    def number(self, text, uid):
        if text == "*":
            return self.known[-1].uids[self.folder] if uid and self.known else len(self.known)
        return int(text)

    def chosen(self, text, uid):
        result = []
        for run in text.split(","):
            ends = [self.number(end, uid) for end in run.split(":")]
            low, high = min(ends), max(ends)
            for index, email in enumerate(self.known):
                key = email.uids.get(self.folder, 0) if uid else index + 1
                if low <= key <= high and email not in [e for _, e in result]:
                    result.append((index + 1, email))
        return sorted(result, key=lambda pair: pair[0])

    def labels(self, email):
        names = sorted(label for label in email.labels if label != box.label_of(self.folder))
        return "(" + " ".join(quote(name) if re.search(r'[\\ "]', name) else name for name in names) + ")"

    # ---- commands ----

    async def do_capability(self, words, tag):
        self.say(f"* CAPABILITY {CAPABILITIES} SASL-IR AUTH=PLAIN")

    async def do_login(self, words, tag):
        return f"[CAPABILITY {CAPABILITIES}]"

    async def do_authenticate(self, words, tag):
        if len(words) < 2:
            self.say("+ ")
            await self.command()
        return f"[CAPABILITY {CAPABILITIES}]"

    async def do_id(self, words, tag):
        self.say('* ID ("name" "GImap" "vendor" "Google, Inc.")')

    async def do_noop(self, words, tag):
        pass

    do_subscribe = do_noop

    async def do_logout(self, words, tag):
        self.say("* BYE LOGOUT Requested")

    async def do_enable(self, words, tag):
        self.condstore = "CONDSTORE" in words
        self.say("* ENABLED" + (" CONDSTORE" if self.condstore else ""))

    async def do_xtest(self, words, tag):
        if words[0] == "SILENT":
            box.silent = words[1] == "1"
        elif words[0] == "BODIES":
            self.say(f"* XTEST {box.bodies}")
        elif words[0] == "FORGET":
            box.validity += 1
            box.numbers[ALL] = 0
            for email in box.emails:
                email.uids.pop(ALL, None)
                box.settle(email)

    def state(self, folder):
        return {"MESSAGES": len(box.list(folder)), "UIDNEXT": box.numbers.get(folder, 0) + 1,
                "UIDVALIDITY": box.validity if folder == ALL else 11,
                "UNSEEN": sum("\\Seen" not in e.flags for e in box.list(folder)), "HIGHESTMODSEQ": box.modseq}

    async def do_list(self, words, tag):
        status = None
        if "RETURN" in words:
            options = words[words.index("RETURN") + 1]
            status = options[options.index("STATUS") + 1] if "STATUS" in options else None
        pattern = words[1] if isinstance(words[1], str) else "*"
        if pattern == "":
            self.say('* LIST (\\Noselect) "/" "/"')
            return
        if pattern in ("*", "[Gmail]"):
            self.say('* LIST (\\HasChildren \\Noselect) "/" "[Gmail]"')
        for folder in box.names:
            if pattern not in ("*", folder):
                continue
            use = " " + USES[folder] if folder in USES else ""
            self.say(f'* LIST (\\HasNoChildren{use}) "/" {quote(folder)}')
            if status:
                self.tell_status(folder, status)

    def tell_status(self, folder, items):
        state = self.state(folder)
        self.say(f"* STATUS {quote(folder)} ("
                 + " ".join(f"{item.upper()} {state[item.upper()]}" for item in items) + ")")

    async def do_status(self, words, tag):
        if words[0] not in box.names:
            raise No("[NONEXISTENT] Unknown Mailbox: " + words[0])
        self.tell_status(words[0], words[1])

    async def do_select(self, words, tag):
        self.folder = None
        if words[0] not in box.names:
            raise No("[NONEXISTENT] Unknown Mailbox: " + words[0] + " (Failure)")
        self.folder = words[0]
        self.known = box.list(self.folder)
        state = self.state(self.folder)
        self.say("* FLAGS (\\Answered \\Flagged \\Draft \\Deleted \\Seen $Forwarded)")
        self.say("* OK [PERMANENTFLAGS (\\Answered \\Flagged \\Draft \\Deleted \\Seen $Forwarded \\*)] Flags permitted.")
        self.say(f"* OK [UIDVALIDITY {state['UIDVALIDITY']}] UIDs valid.")
        self.say(f"* {len(self.known)} EXISTS")
        self.say("* 0 RECENT")
        self.say(f"* OK [UIDNEXT {state['UIDNEXT']}] Predicted next UID.")
        self.say(f"* OK [HIGHESTMODSEQ {box.modseq}]")
        return "[READ-WRITE]"

    async def do_create(self, words, tag):
        if words[0] in box.names:
            raise No("[ALREADYEXISTS] Duplicate folder name " + words[0] + " (Failure)")
        box.names.append(words[0])

    async def do_delete(self, words, tag):
        if words[0] in USES or words[0] not in box.names:
            raise No("[CANNOT] That label cannot be deleted (Failure)")
        for email in box.emails:
            if words[0] in email.labels:
                email.labels.discard(words[0])
                box.touch(email, label=True)
        box.names.remove(words[0])

    async def do_append(self, words, tag):
        if words[0] not in box.names:
            raise No("[TRYCREATE] Folder doesn't exist.")
        flags = words[1] if isinstance(words[1], list) else []
        email = Email(len(box.emails), words[-1], flags, time.time())
        box.emails.append(email)
        box.put(words[0], email)
        return f"[APPENDUID {self.state(words[0])['UIDVALIDITY']} {email.uids[words[0]]}]"

    async def do_fetch(self, words, tag, uid=False):
        items = words[1] if isinstance(words[1], list) else [words[1]]
        since = int(words[2][1]) if len(words) > 2 else 0
        for index, email in self.chosen(words[0], uid):
            if email.modseq <= since:
                continue
            self.tell(index, email, items, uid, since)

    def tell(self, index, email, items, uid, since):
        parts = []
        if uid or "UID" in items:
            parts.append(f"UID {email.uids[self.folder]}".encode())
        if since:
            parts.append(f"MODSEQ ({email.modseq})".encode())
        for item in items:
            name = item.upper()
            if name == "FLAGS":
                parts.append(b"FLAGS (" + " ".join(sorted(email.flags)).encode() + b")")
            elif name == "X-GM-LABELS":
                parts.append(b"X-GM-LABELS " + self.labels(email).encode())
            elif name == "X-GM-MSGID":
                parts.append(f"X-GM-MSGID {email.msgid}".encode())
            elif name == "X-GM-THRID":
                parts.append(f"X-GM-THRID {email.msgid}".encode())
            elif name == "RFC822.SIZE":
                parts.append(f"RFC822.SIZE {len(email.raw)}".encode())
            elif name == "INTERNALDATE":
                date = time.strftime("%d-%b-%Y %H:%M:%S +0000", time.gmtime(email.date))
                parts.append(f'INTERNALDATE "{date}"'.encode())
            elif name.startswith("BODY"):
                box.bodies += 1
                parts.append(b"BODY[] {%d}\r\n" % len(email.raw) + email.raw)
        self.writer.write(f"* {index} FETCH (".encode() + b" ".join(parts) + b")\r\n")

    async def do_store(self, words, tag, uid=False):
        change = words[1].upper()
        values = words[2] if isinstance(words[2], list) else [words[2]]
        for index, email in self.chosen(words[0], uid):
            if change.startswith(("+X-GM-LABELS", "-X-GM-LABELS")):
                for value in values:
                    value = value.decode() if isinstance(value, bytes) else value
                    if change[0] == "+":
                        email.labels.add(box.add_label(value))
                    else:
                        email.labels.discard(box.label_of(box.folder_of(value)))
                box.touch(email, label=True)
                if email in self.known and self.folder in email.uids:
                    self.tell(index, email, ["X-GM-LABELS"], uid, 0)
                continue
            email.flags = (email.flags | set(values) if change[0] == "+" else
                           email.flags - set(values) if change[0] == "-" else set(values))
            box.touch(email)
            if "SILENT" not in change:
                self.tell(index, email, ["FLAGS"], uid, 0)

    def copy(self, words, uid, move):
        if words[1] not in box.names:
            raise No("[TRYCREATE] No folder " + words[1] + " (Failure)")
        before, after = [], []
        for _, email in self.chosen(words[0], uid):
            before.append(str(email.uids[self.folder]))
            if move and self.folder not in (ALL, TRASH, SPAM):
                email.labels.discard(box.label_of(self.folder))
            box.put(words[1], email)
            after.append(str(email.uids[words[1]]))
        return f"[COPYUID {self.state(words[1])['UIDVALIDITY']} {','.join(before)} {','.join(after)}]"

    async def do_copy(self, words, tag, uid=False):
        return self.copy(words, uid, False)

    async def do_move(self, words, tag, uid=False):
        self.say("* OK " + self.copy(words, uid, True))

    async def do_expunge(self, words, tag, uid=False):
        for _, email in self.chosen(words[0], True) if uid else list(enumerate(self.known)):
            if "\\Deleted" not in email.flags:
                continue
            if self.folder in (TRASH, SPAM):
                box.emails.remove(email)
            elif self.folder != ALL:
                email.labels.discard(box.label_of(self.folder))
                box.touch(email, label=True)

    async def do_search(self, words, tag, uid=False):
        extended = words[0] == "RETURN"
        keys = words[2:] if extended else words
        found = [e.uids[self.folder] if uid else i + 1
                 for i, e in enumerate(self.known) if self.matches(list(keys), i, e)]
        if extended:
            all_ = " ALL " + ",".join(map(str, found)) if found else ""
            self.say(f'* ESEARCH (TAG "{tag}"){" UID" if uid else ""}{all_}')
        else:
            self.say("* SEARCH " + " ".join(map(str, found)))

    def matches(self, keys, index, email):
        while keys:
            key = keys.pop(0)
            upper = key.upper() if isinstance(key, str) else ""
            if upper == "ALL":
                good = True
            elif upper == "OR":
                good = self.one(keys, index, email)
                good = self.one(keys, index, email) or good
            else:
                keys.insert(0, key)
                good = self.one(keys, index, email)
            if not good:
                return False
        return True

    def one(self, keys, index, email):
        key = keys.pop(0).upper()
        if key == "ALL":
            return True
        if key == "UID":
            return email in [e for _, e in self.chosen(keys.pop(0), True)]
        if key == "LARGER":
            return len(email.raw) > int(keys.pop(0))
        if key == "SINCE":
            return keys.pop(0) is not None
        if key == "HEADER":
            name, value = keys.pop(0), keys.pop(0)
            head = email.raw.split(b"\r\n\r\n")[0].decode(errors="replace").lower()
            return any(line.startswith(name.lower() + ":") and value.lower() in line
                       for line in head.splitlines())
        if key == "X-GM-LABELS":
            return box.label_of(box.folder_of(keys.pop(0))) in email.labels
        if key == "DELETED":
            return "\\Deleted" in email.flags
        return email in [e for _, e in self.chosen(key, False)]

    async def do_idle(self, words, tag):
        self.say("+ idling")
        await self.writer.drain()
        done = asyncio.ensure_future(self.reader.readline())
        while not done.done():
            async with box.wake:
                waiting = asyncio.ensure_future(box.wake.wait())
                await asyncio.wait({done, waiting}, timeout=1, return_when=asyncio.FIRST_COMPLETED)
                waiting.cancel()
                try:
                    await waiting
                except asyncio.CancelledError:
                    pass
            # only what came and went: of labels nothing is told
            self.news()
            await self.writer.drain()


async def serve(reader, writer):
    try:
        await Session(reader, writer).run()
    except (ConnectionError, asyncio.IncompleteReadError, ssl.SSLError):
        pass


async def main():
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(sys.argv[2], sys.argv[3])
    server = await asyncio.start_server(serve, "127.0.0.1", int(sys.argv[1]), ssl=context, limit=1 << 27)
    async with server:
        await server.serve_forever()


asyncio.run(main())
