#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Another XMPP client than sennit, scripted over stdin and stdout: peer.py HOST PORT CAFILE JID PASSWORD

Reads one JSON object a line: {"do": "send", "to", "body", "thread"}, {"do": "presence", "show", "status",
"priority"}, {"do": "quit"}. JID may name a resource. Writes what it receives as JSON lines: messages with
body, id, receipts asked and given, and the raw stanza.
"""

import asyncio
import json
import ssl
import sys

import slixmpp


class Peer(slixmpp.ClientXMPP):
    def __init__(self, jid, password, ca):
        super().__init__(jid, password)
        for plugin in ("xep_0030", "xep_0184", "xep_0199"):
            self.register_plugin(plugin)
        self.plugin["xep_0184"].auto_ack = True
        self.ssl_context = ssl.create_default_context(cafile=ca)
        self.ca_certs = ca
        self.add_event_handler("session_start", self.started)
        self.add_event_handler("message", self.received)
        self.add_event_handler("failed_auth", lambda _: self.say(event="failed"))

    def say(self, **facts):
        print(json.dumps(facts), flush=True)

    async def started(self, _):
        self.send_presence()
        await self.get_roster()
        self.say(event="online")
        self.orders = asyncio.get_running_loop().create_task(self.obey())  # kept: else it may be collected

    def received(self, stanza):
        self.say(event="message", sender=stanza["from"].bare, body=stanza["body"], id=stanza["id"],
                 raw=str(stanza))

    async def obey(self):
        loop = asyncio.get_running_loop()
        reader = asyncio.StreamReader()
        await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
        while line := await reader.readline():
            order = json.loads(line)
            if order["do"] == "send":
                stanza = self.make_message(mto=order["to"], mbody=order["body"], mtype="chat")
                if order.get("thread"):
                    stanza["thread"] = order["thread"]
                stanza.send()
            elif order["do"] == "presence":
                self.send_presence(pshow=order.get("show"), pstatus=order.get("status"),
                                   ppriority=order.get("priority"))
            else:
                break
            self.say(event="did", what=order["do"])
        await self.disconnect()


def main():
    host, port, ca, jid, password = sys.argv[1:]
    peer = Peer(jid, password, ca)
    peer.connect((host, int(port)), disable_starttls=False)
    peer.process(forever=False)


main()
