# SPDX-License-Identifier: GPL-3.0-or-later
"""An IM from the peer's send to the screen, and from Return to the peer: against client to client."""

import select
import subprocess
import time

from lib import Terminal, median, w

FRAME = 0.04  # seconds, as ui/loop.c has it


def from_return(bench, world, servers, where):
    """Seconds from the key Return to the stanza at the peer's."""
    alice = world.profile("alice", servers=servers, settings="[im]\nomemo = false\n") # as the bare one
    peer = subprocess.Popen([bench.tool("bare_im"), *where, "0", "answer"], stdin=subprocess.PIPE,
                            stdout=subprocess.PIPE, text=True, env=world.environment)
    terminal = Terminal(alice.command("xmpp:bob@example.test"), world.environment)
    took = []
    try:
        if peer.stdout.readline() != "there\n":
            raise w.Failed("the peer did not log in")
        alice.wait_online()
        terminal.drain(2)
        for i in range(30):
            terminal.send(f"line {i} for bob".encode())
            terminal.drain(0.1)
            begun = time.time()
            terminal.send(b"\r")
            if not select.select([peer.stdout], [], [], 20)[0]:
                raise w.Failed("the IM did not go")
            when, text = peer.stdout.readline().split(" ", 1)
            if f"line {i} " not in text:
                raise w.Failed(f"the peer got {text!r}")
            took.append(int(when) / 1e6 - begun)
    finally:
        terminal.close()
        peer.stdin.close()
        peer.wait(10)
    return took[10:]


def run(bench):
    world = w.World(bench.program, servers=False, desktop=False)
    try:
        servers = world.add_servers("good", ("dovecot", "postfix", "prosody"))
        where = ["127.0.0.1", str(servers.port("XMPP")), servers.ca]
        bob = world.profile("bob", servers=servers)
        terminal = Terminal(bob.command(), world.environment)
        bob.wait_online()
        sender = subprocess.Popen([bench.tool("bare_im"), *where, "0", "send", "bob@example.test"],
                                  stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                                  env=world.environment)
        shown = []
        for i in range(40):
            terminal.drain(0.1)
            terminal.output = b""
            # no letter in common with the lines before, or curses would leave those cells alone
            word = "".join("abcdefghijklmnopqrstuvwxy"[i % 5 * 5 + (i // 5 ** n) % 5] for n in (1, 2, 3, 1, 2, 3))
            sender.stdin.write(f"{word}\n")
            sender.stdin.flush()
            begun = int(sender.stdout.readline()) / 1e6
            terminal.until(word.encode())
            shown.append(time.time() - begun)
        sender.stdin.close()
        sender.wait(10)
        terminal.close()
        done = subprocess.run([bench.tool("bare_im"), *where, "60"], capture_output=True, text=True,
                              check=True, env=world.environment)
        bare = [int(line) / 1e6 for line in done.stdout.split()][10:]
        bench.report("IM, peer's send to visible", median(shown[10:]) / median(bare), "x bare client", "<= 3")
        sent = from_return(bench, world, servers, where)
        bench.report("IM, Return to the peer's client", median(sent) / median(bare), "x bare client", "<= 3")
        bench.report("... as a part of two frames", median(shown[10:]) / (2 * FRAME), "x two frames", "<= 1")
    finally:
        world.close()
