#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""peer.py FOLDER: what Python's email package reads in each message of a folder; JSON, one a line."""
import email
import email.header
import email.policy
import email.utils
import json
import os
import re
import sys


def is_text(value):
    return not any("\udc80" <= c <= "\udcff" for c in value)


def decoded(value):
    """RFC 2047, as leniently as the old interface does it; blanks joined."""
    if value is None:
        return None
    try:
        text = str(email.header.make_header(email.header.decode_header(str(value))))
    except (LookupError, UnicodeError, ValueError, email.errors.HeaderParseError):
        return None
    if "\ufffd" in text or not is_text(text):
        return None
    return " ".join(text.split())


def addresses(message, field):
    values = [str(value).replace("\n", " ").replace("\r", " ") for value in message.get_all(field, [])]
    found = [address for _, address in email.utils.getaddresses(values) if address]
    return found if all(is_text(address) for address in found) else None


def date(message):
    try:
        return int(email.utils.parsedate_to_datetime(message["Date"]).timestamp()) * 1000
    except Exception:  # whatever it cannot read
        return None


def leaves(part, out):
    """A message within a message is one leaf, as are the blocks of a report."""
    if part.get_content_maintype() == "multipart":
        if part.is_multipart():
            for inner in part.get_payload():
                leaves(inner, out)
        elif (part.get_payload() or "").strip():
            out.append(part)
    else:
        out.append(part)
    return out


def kind(part):
    """A multipart without parts is text."""
    if part.get_content_maintype() == "multipart":
        return "text/plain"
    return part.get_content_type().lower()


def text_of(part):
    """Of the first readable text, if it is plain and its character set holds."""
    if part.get_content_type() != "text/plain" or part.get_filename():
        return None
    payload = part.get_payload(decode=True)
    if payload is None or re.match(rb"\s*<(!doctype html|html)", payload[:200], re.I):
        return None
    charset = part.get_content_charset()
    if charset is None:
        charset = "utf-8"
    try:
        return payload.decode(charset)
    except (LookupError, UnicodeError):
        return None


def name(part):
    value = part.get_filename()
    if not value or part.get_content_maintype() == "message":
        return None
    return decoded(value.replace("\\", "/").rsplit("/", 1)[-1])


def facts(path):
    with open(path, "rb") as file:
        data = file.read()
    if b"/aerc" in os.fsencode(path):  # their first line is that of a mailbox, with a colon
        data = data.split(b"\n", 1)[1]
    message = email.message_from_bytes(data)
    parts = leaves(message, [])
    first = parts[0] if parts else None
    ids = re.findall(r"<([^<>\s]+)>", str(message["Message-ID"] or ""))
    return {
        "subject": decoded(message["Subject"]),
        "from": addresses(message, "From"),
        "to": addresses(message, "To"),
        "cc": addresses(message, "Cc"),
        "date": date(message),
        "message_id": ids[0] if len(ids) == 1 else None,
        "parts": [kind(part) for part in parts],
        "names": [name(part) for part in parts],
        "text": text_of(first) if first is not None else None,
    }


def main():
    folder = sys.argv[1]
    for file in sorted(os.listdir(folder)):
        if not file.endswith(".eml"):
            continue
        try:
            found = facts(os.path.join(folder, file))
        except Exception:  # it gives up on the message
            found = {}
        found["file"] = file
        print(json.dumps({k: v for k, v in found.items() if v is not None}))


main()
