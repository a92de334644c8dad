#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""lists.py PORT CERTIFICATE KEY LOG - a server of mailing lists for tests, on loopback over TLS.

Takes the form of RFC 8058 at these paths; LOG gets a line for each request: method, path, form, and
whether a cookie or a credential came with it.
  /yes    202, and a cookie that nobody is to give back
  /away   302 to another path
  /plain  302 to http:
  /gone   410
  /busy   503 the first time, then 200
  /flood  200 and an answer without end
"""
import http.server
import ssl
import sys

busy = set()


class Handler(http.server.BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def log(self, form):
        extra = [name for name in ("Cookie", "Authorization", "Referer") if name in self.headers]
        with open(sys.argv[4], "a") as log:
            log.write(f"{self.command} {self.path} {form} {self.headers.get('Content-Type')} "
                      f"{','.join(extra) or 'nothing'}\n")

    def answer(self, status, headers=(), body=b"thank you\n"):
        self.send_response(status)
        for name, text in headers:
            self.send_header(name, text)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        self.log("")
        self.answer(200)

    def do_POST(self):
        form = self.rfile.read(min(int(self.headers.get("Content-Length", 0)), 10000)).decode()
        self.log(form)
        path = self.path.split("?")[0]
        if path == "/yes":
            self.answer(202, [("Set-Cookie", "who=alice")])
        elif path == "/away":
            self.answer(302, [("Location", "/yes")])
        elif path == "/plain":
            self.answer(302, [("Location", "http://localhost/yes")])
        elif path == "/gone":
            self.answer(410)
        elif path == "/busy":
            self.answer(200 if self.path in busy else 503)
            busy.add(self.path)
        elif path == "/flood":
            self.send_response(200)
            self.end_headers()
            for _ in range(10000):
                self.wfile.write(b"x" * 65536)
        else:
            self.answer(404)


server = http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler)
server.daemon_threads = True
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(sys.argv[2], sys.argv[3])
server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
server.serve_forever()
