#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads a folder as any other mail program would: read_chats.py PORT CA USER PASSWORD FOLDER"""
import email.policy
import imaplib
import ssl
import sys

port, ca, user, password, folder = sys.argv[1:6]
context = ssl.create_default_context(cafile=ca)
with imaplib.IMAP4_SSL("localhost", int(port), ssl_context=context) as imap:
    imap.login(user, password)
    if imap.select(folder, readonly=True)[0] != "OK":
        sys.exit("no such folder")
    for number in imap.search(None, "ALL")[1][0].split():
        flags, raw = imap.fetch(number, "(FLAGS BODY.PEEK[])")[1][0]
        message = email.message_from_bytes(raw, policy=email.policy.default)
        print("seen" if b"\\Seen" in flags else "unseen")
        for name in ("Subject", "From", "To", "Message-ID"):
            print(f"{name}: {message[name]}")
        print("defects:", [str(d) for part in message.walk() for d in part.defects])
        print([part.get_content_type() for part in message.walk()])
        print(message.get_body(("plain",)).get_content())
