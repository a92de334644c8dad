#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""oauth.py PORT CERTIFICATE KEY LOG - an OAuth 2.0 server for tests, on loopback.

RFC 8414 metadata, RFC 8628 device flow, RFC 6749 refresh and authorization code with RFC 7636, and
RFC 7662 introspection for Dovecot. What a test wants of it is said by GET /test/...:
  /test/approve           the user types the code that was given last, as alice
  /test/deny              ... and declines
  /test/revoke            no access token is good any more
  /test/revoke-all        ... and no refresh token
  /test/next?what=WORD    the next token request is answered with this error, or "broken", "silent"
  /test/lifetime?what=N   access tokens live N seconds from now on
  /test/rotate            each refresh gives a new refresh token, and ends the old one
  /test/tokens            how many access tokens were given out so far
LOG gets a line for each token request: its grant type.
"""
import base64
import hashlib
import http.server
import json
import secrets
import ssl
import sys
import time
import urllib.parse

USER = "alice@example.test"


class State:
    def __init__(self):
        self.access, self.refresh, self.codes = {}, set(), {}
        self.device = None
        self.answer = "pending"
        self.next, self.lifetime, self.rotate, self.given = None, 3600, False, 0


state = State()


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def reply(self, status, value, headers=()):
        body = value if isinstance(value, bytes) else json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        for name, text in headers:
            self.send_header(name, text)
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        url = urllib.parse.urlsplit(self.path)
        query = dict(urllib.parse.parse_qsl(url.query))
        base = f"https://localhost:{self.server.server_port}"
        if url.path == "/.well-known/oauth-authorization-server":
            self.reply(200, {
                "issuer": base, "token_endpoint": base + "/token",
                "authorization_endpoint": base + "/authorize",
                "device_authorization_endpoint": base + "/device"})
        elif url.path == "/.well-known/openid-configuration/other":
            self.reply(404, {})
        elif url.path == "/other/.well-known/openid-configuration":
            # found in OpenID's place, without a device flow
            self.reply(200, {
                "issuer": base + "/other", "token_endpoint": base + "/token",
                "authorization_endpoint": base + "/authorize"})
        elif url.path == "/.well-known/oauth-authorization-server/liar":
            self.reply(200, {"issuer": "https://evil.invalid", "token_endpoint": base + "/token"})
        elif url.path == "/authorize":
            self.authorize(query)
        elif url.path.startswith("/test/"):
            self.control(url.path[6:], query.get("what"))
        else:
            self.reply(404, {"error": "nothing here"})

    def authorize(self, query):
        wanted = ("redirect_uri", "state", "code_challenge", "client_id")
        if any(key not in query for key in wanted) or query["code_challenge_method"] != "S256":
            return self.reply(400, {"error": "invalid_request"})
        code = secrets.token_urlsafe(16)
        state.codes[code] = (query["code_challenge"], query["redirect_uri"])
        answer = {"state": query["state"]}
        answer.update({"error": "access_denied"} if state.answer == "denied" else {"code": code})
        self.reply(302, {}, [("Location",
                              query["redirect_uri"] + "?" + urllib.parse.urlencode(answer))])

    def control(self, word, what):
        if word == "approve":
            state.answer = "approved"
        elif word == "deny":
            state.answer = "denied"
        elif word in ("revoke", "revoke-all"):
            state.access.clear()
            if word == "revoke-all":
                state.refresh.clear()
        elif word == "next":
            state.next = what
        elif word == "lifetime":
            state.lifetime = int(what)
        elif word == "rotate":
            state.rotate = True
        self.reply(200, {"given": state.given})

    def do_POST(self):
        length = int(self.headers.get("Content-Length", 0))
        form = dict(urllib.parse.parse_qsl(self.rfile.read(length).decode()))
        if self.path == "/introspect":
            end = state.access.get(form.get("token"), 0)
            good = end > time.time()
            self.reply(200, {"active": good, "username": USER, "scope": "mail"}
                       if good else {"active": False})
        elif form.get("client_id") != "sennit-test":
            self.reply(401, {"error": "invalid_client", "error_description": "unknown client"})
        elif self.path == "/device":
            state.device, state.answer = secrets.token_urlsafe(16), "pending"
            self.reply(200, {
                "device_code": state.device, "user_code": "WDJB-MJHT", "expires_in": 60,
                "interval": 1, "verification_uri": "https://localhost/device",
                "verification_uri_complete": "https://localhost/device?user_code=WDJB-MJHT"})
        elif self.path == "/token":
            self.token(form)
        else:
            self.reply(404, {"error": "nothing here"})

    def token(self, form):
        grant = form.get("grant_type", "")
        with open(sys.argv[4], "a") as log:
            log.write(grant.rsplit(":", 1)[-1] + "\n")
        word, state.next = state.next, None
        if word == "broken":
            return self.reply(200, b"<html>not at all</html>")
        if word == "empty":
            return self.reply(200, {"access_token": "bad\x01token", "refresh_token": "x"})
        if word:
            status = 503 if word == "temporarily_unavailable" else 400
            return self.reply(status, {"error": word, "error_description": "as the test wants"})
        if grant == "refresh_token":
            if form.get("refresh_token") not in state.refresh:
                return self.reply(400, {"error": "invalid_grant",
                                        "error_description": "Token has been revoked."})
            if state.rotate:
                state.refresh.discard(form["refresh_token"])
            return self.give(state.rotate)
        if grant == "authorization_code":
            challenge, redirect = state.codes.pop(form.get("code"), (None, None))
            digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
            if redirect != form.get("redirect_uri") or \
                    base64.urlsafe_b64encode(digest).rstrip(b"=").decode() != challenge:
                return self.reply(400, {"error": "invalid_grant"})
            return self.give(True)
        if form.get("device_code") != state.device or state.answer == "pending":
            return self.reply(400, {"error": "authorization_pending"})
        if state.answer == "denied":
            return self.reply(400, {"error": "access_denied"})
        return self.give(True)

    def give(self, with_refresh):
        token = secrets.token_urlsafe(24)
        state.access[token] = time.time() + state.lifetime
        state.given += 1
        answer = {"access_token": token, "token_type": "Bearer", "expires_in": state.lifetime}
        if with_refresh:
            answer["refresh_token"] = secrets.token_urlsafe(24)
            state.refresh.add(answer["refresh_token"])
        self.reply(200, answer)


server = http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler)
server.daemon_threads = True
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(sys.argv[2], sys.argv[3])
server.socket = context.wrap_socket(server.socket, server_side=True)
server.serve_forever()
