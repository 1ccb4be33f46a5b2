# SPDX-License-Identifier: Apache-2.0
"""Test phones: each has one flow to the server, or listens for it, or both."""
import os
import uuid

from . import digest
from .call import Call
from .legs import NOWHERE, Legs
from .loop import host_text
from .message import Malformed, Message, Via
from .tap import TAP
from .wire import Listener, UdpEnd, dial


def new_id(size=6):
    return os.urandom(size).hex()


class Record:
    """One message that crossed a phone's wire."""

    def __init__(self, way, message, end):
        self.way, self.message = way, message
        self.transport, self.secure = end.transport, end.secure
        self.leg = NOWHERE
        self.answers = None      # of a response: the request that the phone had said
        self.bindings = ()       # URIs that phones of the kit registered
        self.history = ()        # entries of History-Info that they said
        self.shows_tls = False   # `emit-transport-tls` at this phone's DN

    def __repr__(self):
        return f"--- {self.way} {self.transport}\n{self.message}"


class ClientTx:
    """A request of ours and what came back for it; every response is held against it."""

    def __init__(self, phone, request, end, peer):
        self.phone, self.request, self.end, self.peer = phone, request, end, peer
        self.responses = []
        self.acks = []

    @property
    def final(self):
        return next((r for r in self.responses if r.status >= 200), None)

    def on_response(self, response):
        request = self.request
        for name in ("From", "Call-ID", "CSeq"):
            if response.get(name) != request.get(name):
                raise Malformed(f"{name} is not echoed: {response.get(name)!r} "
                                f"for {request.get(name)!r}")
        sent, came = request.address("To"), response.address("To")
        if sent.tag is None and came.tag is not None:
            want = request.get("To") + ";tag=" + came.tag
        else:
            want = request.get("To")
        if response.get("To") != want:
            raise Malformed(f"To is not echoed: {response.get('To')!r} for {request.get('To')!r}")
        vias = response.values("Via")
        if len(vias) != len(request.values("Via")):
            raise Malformed(f"Vias {vias} for {request.values('Via')}")
        mine, theirs = Via(request.get("Via")), Via(vias[0])
        for name in ("received", "rport"):
            mine.params.pop(name, None)
            theirs.params.pop(name, None)
        if (mine.transport, mine.host, mine.port, mine.params) != (
                theirs.transport, theirs.host, theirs.port, theirs.params):
            raise Malformed(f"Via is not echoed: {vias[0]!r} for {request.get('Via')!r}")
        self.responses.append(response)
        if request.method != "INVITE" or response.status < 200:
            return
        if response.status >= 300:
            self.phone.send(self.phone.ack_refusal(request, response), self.end, self.peer)
        else:
            for ack, end, peer in self.acks:
                if ack.address("To").tag == response.address("To").tag:
                    self.phone.send(ack, end, peer)

    def await_final(self, code=None, seconds=5.0):
        what = lambda: f"a final response to\n{self.request}got {self.responses}"
        self.phone.loop.wait(what, lambda: self.final, seconds)
        if code is not None:
            assert self.final.status == code, f"wanted {code}, got\n{self.final}"
        return self.final

    def await_status(self, code, seconds=5.0):
        def look():
            found = next((r for r in self.responses if r.status == code), None)
            assert found or not self.final, f"wanted {code}, got\n{self.final}"
            return found
        return self.phone.loop.wait(f"{code} to\n{self.request}", look, seconds)


class Phone:
    is_raw = False

    def __init__(self, loop, user, transport, scheme="sip", server=None, listen=None,
                 tls_client=None, tls_server=None, domain="example.test", server_name=None,
                 host="127.0.0.1", is_behind_proxy=False):
        self.loop, self.user, self.scheme, self.domain = loop, user, scheme, domain
        self.transport, self.server, self.server_name = transport, server, server_name
        self.tls_client = tls_client
        self.log, self.requests, self.strays = [], [], []
        self.client_txs, self.server_txs, self.calls = {}, {}, []
        self.legs = Legs()
        self.is_behind_proxy = is_behind_proxy  # what it hears is a witness's, not the server's
        self.register_call_id, self.register_cseq = new_id(), 0
        self.auto_options = True
        self.listener = None
        self.end = None
        if transport == "UDP":
            self.end = UdpEnd(loop, self, *(listen or (host, 0)))
        elif listen:
            self.listener = Listener(loop, self, *listen,
                                     tls_server if transport == "TLS" else None)
        elif server:
            self.connect(host)

    # ---- where we are -------------------------------------------------------------------

    def connect(self, source=None):
        tls = self.tls_client if self.transport == "TLS" else None
        self.end = dial(self.loop, self, self.server, tls, self.server_name, source)
        self.loop.wait(lambda: f"connection to {self.server}: {self.end.error}",
                       lambda: self.end.open or self.end.closed)
        assert self.end.open, f"no connection to {self.server}: {self.end.error!r}"
        return self.end

    @property
    def local(self):
        """(host, port) as they stand in a URI."""
        return self.shown(self.listener or self.end)

    @staticmethod
    def shown(end):
        return host_text(end.local[0]), end.local[1]

    @property
    def aor(self):
        return f"{self.scheme}:{self.user}@{self.domain}"

    @property
    def contact(self):
        host, port = self.local
        kind = {"UDP": "", "TCP": ";transport=tcp", "TLS": ";transport=tls"}[self.transport]
        if self.scheme == "sips":
            kind = ";transport=tcp"
        return f"<{self.scheme}:{self.user}@{host}:{port}{kind}>"

    def server_uri(self, number=None):
        user = f"{number}@" if number is not None else ""
        return f"{self.scheme}:{user}{host_text(self.server[0])}:{self.server[1]}"

    def forget(self):
        """Drops what was seen of calls that are over (for tests with very many)."""
        for book in (self.log, self.requests, self.strays, self.calls, self.client_txs,
                     self.server_txs):
            book.clear()
        self.legs = Legs()

    def close(self):
        for end in ([self.end] if self.end else []) + (
                self.listener.ends + [self.listener] if self.listener else []):
            if not end.closed:
                end.close()

    # ---- out ----------------------------------------------------------------------------

    def send(self, message, end=None, peer=None):
        end = end or self.end
        self.log.append(TAP.note(Record("out", message, end), self))
        end.send(message.encode(), peer or self.server)

    def build(self, method, uri, to=None, sender=None, call_id=None, cseq=1, contact=None,
              body=b"", content_type="application/sdp", headers=(), end=None, branch=None):
        """A request outside of dialogs, or the raw material of one inside."""
        end = end or self.end
        host, port = self.shown(self.listener or end)
        via = f"SIP/2.0/{end.transport} {host}:{port};branch={branch or 'z9hG4bK' + new_id(8)}"
        message = Message(f"{method} {uri} SIP/2.0", [
            ("Via", via), ("Max-Forwards", "70"),
            ("From", sender or f"<{self.aor}>;tag={new_id()}"),
            ("To", to or f"<{uri}>"), ("Call-ID", call_id or str(uuid.uuid4())),
            ("CSeq", f"{cseq} {method}")], body)
        if contact:
            message.headers.append(("Contact", contact))
        message.headers.extend(headers)
        if body:
            message.headers.append(("Content-Type", content_type))
        return message

    def transact(self, message, end=None, peer=None):
        """Sends a request and keeps what comes back."""
        end = end or self.end
        tx = ClientTx(self, message, end, peer or self.server)
        self.client_txs[message.via.branch, message.cseq[1]] = tx
        self.send(message, end, peer)
        return tx

    def request(self, method, uri=None, **more):
        return self.transact(self.build(method, uri or self.server_uri(), **more))

    def ack_refusal(self, invite, response):
        headers = [("Via", invite.get("Via")), ("Max-Forwards", "70"),
                   ("From", invite.get("From")), ("To", response.get("To")),
                   ("Call-ID", invite.get("Call-ID")), ("CSeq", f"{invite.cseq[0]} ACK")]
        headers += [("Route", route) for route in invite.values("Route")]
        return Message(f"ACK {invite.uri} SIP/2.0", headers)

    def options(self, code=200, **more):
        """A good request: proof that the server is alive and minds us."""
        return self.request("OPTIONS", **more).await_final(code)

    def register(self, expires=600, contact=None, password=None, algorithm=None, code=200,
                 headers=(), uri=None, to=None, sender=None, cseq=None, call_id=None):
        """Registers (answering one challenge when there is a password) and gives the answer."""
        uri = uri or f"{self.scheme}:{self.domain}"
        to = to or f"<{self.aor}>"
        more = list(headers) + ([("Expires", str(expires))] if expires is not None else [])
        contact = self.contact if contact is None else contact
        for turn in (1, 2):
            self.register_cseq = cseq if cseq is not None else self.register_cseq + 1
            tx = self.request("REGISTER", uri, to=to, contact=contact or None, headers=more,
                              sender=sender or f"{to};tag={new_id()}", cseq=self.register_cseq,
                              call_id=call_id or self.register_call_id)
            final = tx.await_final()
            if final.status != 401 or password is None or turn == 2:
                break
            challenge = digest.pick(final, algorithm)
            more.append(("Authorization",
                         digest.answer(challenge, self.user, password, "REGISTER", uri)))
        assert code is None or final.status == code, f"wanted {code}, got\n{final}"
        return final

    def call(self, number, uri=None, **more):
        """Sends an INVITE; the Call it gives awaits the rest."""
        return Call.outgoing(self, uri or self.server_uri(number), **more)

    # ---- in -----------------------------------------------------------------------------

    def on_message(self, message, end, peer):
        self.log.append(TAP.note(Record("in", message, end), self))
        if not message.is_request:
            tx = self.client_txs.get((message.via.branch, message.cseq[1]))
            if tx is None:
                self.strays.append(message)
            else:
                tx.on_response(message)
            return
        key = (message.via.branch, message.via.host, message.via.port, message.method)
        if key in self.server_txs and message.method != "ACK":
            for answer in self.server_txs[key][-1:]:
                self.send(answer, end, self.reply_peer(message, peer))
            return
        self.server_txs.setdefault(key, [])
        message.end, message.peer = end, peer
        for call in self.calls:
            if call.owns(message):
                call.on_request(message)
                return
        if message.method == "OPTIONS" and self.auto_options:
            self.respond(message, 200)
        elif message.method == "ACK":
            self.strays.append(message)
        else:
            self.requests.append(message)

    @staticmethod
    def reply_peer(request, peer):
        via = request.via
        if "rport" in via.params:
            return peer
        return (peer[0], via.port or 5060)

    def respond(self, request, code, reason=None, to_tag=None, contact=None, body=b"",
                content_type="application/sdp", headers=()):
        text = reason if reason is not None else REASONS.get(code, "Whatever")
        to = request.get("To")
        if to_tag and request.address("To").tag is None:
            to += f";tag={to_tag}"
        message = Message(f"SIP/2.0 {code} {text}", [
            *[("Via", via) for via in request.values("Via")],
            ("From", request.get("From")), ("To", to), ("Call-ID", request.call_id),
            ("CSeq", request.get("CSeq"))], body)
        message.headers += [("Record-Route", r) for r in request.values("Record-Route")]
        if contact:
            message.headers.append(("Contact", contact))
        message.headers.extend(headers)
        if body:
            message.headers.append(("Content-Type", content_type))
        via = request.via
        key = (via.branch, via.host, via.port, request.method)
        self.server_txs[key].append(message)
        self.send(message, request.end, self.reply_peer(request, request.peer))
        return message

    def await_request(self, method, seconds=5.0):
        """The next request of that method outside of our calls."""
        def look():
            return next((r for r in self.requests if r.method == method), None)
        found = self.loop.wait(f"{method} at {self.user} ({self.transport} {self.local})", look,
                               seconds)
        self.requests.remove(found)
        return found

    def await_call(self, seconds=5.0):
        return Call.incoming(self, self.await_request("INVITE", seconds))

    def received(self, method=None):
        """All that came in (repeats too): requests of a method, or everything."""
        return [r.message for r in self.log if r.way == "in" and
                (method is None or r.message.method == method)]


REASONS = {100: "Trying", 180: "Ringing", 183: "Session Progress", 200: "OK",
           400: "Bad Request", 480: "Temporarily Unavailable", 481: "Call Does Not Exist",
           486: "Busy Here", 487: "Request Terminated", 488: "Not Acceptable Here",
           491: "Request Pending", 500: "Server Internal Error", 503: "Service Unavailable",
           603: "Decline"}


def UdpPhone(loop, user, server, **more):
    return Phone(loop, user, "UDP", server=server, **more)


def TcpPhone(loop, user, server, **more):
    return Phone(loop, user, "TCP", server=server, **more)


def TlsPhone(loop, user, server, tls_client, scheme="sips", **more):
    return Phone(loop, user, "TLS", scheme, server=server, tls_client=tls_client, **more)


def UdpPeer(loop, user, host="127.0.0.1", port=0, **more):
    return Phone(loop, user, "UDP", listen=(host, port), **more)


def TcpPeer(loop, user, host="127.0.0.1", port=0, **more):
    return Phone(loop, user, "TCP", listen=(host, port), **more)


def TlsServerPeer(loop, user, tls_server, host="127.0.0.1", port=0, scheme="sips", **more):
    return Phone(loop, user, "TLS", scheme, listen=(host, port), tls_server=tls_server, **more)
