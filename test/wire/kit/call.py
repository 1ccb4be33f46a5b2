# SPDX-License-Identifier: Apache-2.0
"""A call as one phone sees it: dialog state, and verbs for tests."""
import os

from .message import Address, Message


def sdp(host="127.0.0.1", port=40000, direction="sendrecv", version=1, length=None):
    """A small offer or answer; `length` pads the session name until the body is that long."""
    def text(name):
        return (f"v=0\r\no=- 3850 {version} IN IP4 {host}\r\ns={name}\r\nc=IN IP4 {host}\r\n"
                f"t=0 0\r\nm=audio {port} RTP/AVP 0 8 101\r\na=rtpmap:0 PCMU/8000\r\n"
                f"a=rtpmap:8 PCMA/8000\r\na=rtpmap:101 telephone-event/8000\r\n"
                f"a={direction}\r\n").encode()
    body = text("call")
    if length is not None:
        body = text("call" + "-" * (length - len(body)))
        assert len(body) == length
    return body


class Call:
    def __init__(self, phone, is_outgoing, invite):
        self.phone, self.is_outgoing, self.invite = phone, is_outgoing, invite
        self.call_id = invite.call_id
        self.local_tag = None
        self.remote_tag = None
        self.target = None
        self.routes = []
        self.cseq = invite.cseq[0] if is_outgoing else 0
        self.requests, self.acks, self.cancels, self.byes = [], [], [], []
        self.tx = None
        self.answered = None
        self.auto_bye = False
        phone.calls.append(self)

    # ---- making -------------------------------------------------------------------------

    @classmethod
    def outgoing(cls, phone, uri, body=None, headers=(), contact=None, message=None, **more):
        if message is None:
            message = phone.build("INVITE", uri, body=sdp() if body is None else body,
                                  contact=contact or phone.contact, headers=headers, **more)
        call = cls(phone, True, message)
        call.local = message.get("From")
        call.remote = message.get("To")
        call.local_tag = message.address("From").tag
        call.end, call.peer = phone.end, phone.server
        call.tx = phone.transact(message)
        return call

    @classmethod
    def incoming(cls, phone, invite):
        call = cls(phone, False, invite)
        call.local_tag = os.urandom(5).hex()
        call.local = f"{invite.get('To')};tag={call.local_tag}"
        call.remote = invite.get("From")
        call.remote_tag = invite.address("From").tag
        call.target = invite.address("Contact").uri
        call.routes = invite.values("Record-Route")
        call.end, call.peer = invite.end, invite.peer
        return call

    # ---- requests that come in ------------------------------------------------------------

    def owns(self, message):
        if message.call_id != self.call_id:
            return False
        if message.method == "CANCEL":
            return message.via.branch == self.invite.via.branch
        here, there = message.address("To").tag, message.address("From").tag
        if message.method == "ACK" and not self.is_outgoing and here == self.local_tag:
            return True
        return here == self.local_tag and (there == self.remote_tag or self.remote_tag is None)

    def on_request(self, message):
        if message.method == "ACK":
            self.acks.append(message)
        elif message.method == "CANCEL":
            self.cancels.append(message)
            self.phone.respond(message, 200, to_tag=self.local_tag)
        elif message.method == "BYE" and self.auto_bye:
            self.byes.append(message)
            self.respond(message, 200)
        else:
            if message.has("Contact") and message.method in ("INVITE", "UPDATE"):
                self.target = message.address("Contact").uri
            self.requests.append(message)

    def await_request(self, method, seconds=5.0):
        def look():
            return next((r for r in self.requests if r.method == method), None)
        found = self.phone.loop.wait(f"{method} in the call of {self.phone.user}", look, seconds)
        self.requests.remove(found)
        return found

    def respond(self, request, code, **more):
        return self.phone.respond(request, code, to_tag=self.local_tag, **more)

    # ---- the called side --------------------------------------------------------------------

    def ring(self, code=180, **more):
        return self.respond(self.invite, code, contact=more.pop("contact", self.phone.contact),
                            **more)

    def answer(self, body=None, headers=(), ack=True, contact=None):
        self.answered = self.respond(self.invite, 200, body=sdp(port=42000) if body is None
                                     else body, headers=headers,
                                     contact=contact or self.phone.contact)
        return self.await_ack() if ack else None

    def await_ack(self, seconds=5.0):
        cseq = self.invite.cseq[0]
        return self.phone.loop.wait(
            f"ACK at {self.phone.user}",
            lambda: next((a for a in self.acks if a.cseq[0] == cseq), None), seconds)

    def refuse(self, code=486, **more):
        self.respond(self.invite, code, **more)
        return self.await_ack()

    def await_cancel(self, seconds=5.0):
        cancel = self.phone.loop.wait(f"CANCEL at {self.phone.user}",
                                      lambda: self.cancels and self.cancels[0], seconds)
        self.respond(self.invite, 487)
        self.await_ack()
        return cancel

    # ---- the calling side -------------------------------------------------------------------

    def await_ringing(self, code=180, seconds=5.0):
        return self.tx.await_status(code, seconds)

    def await_answer(self, ack=True, seconds=5.0, body=b""):
        self.answered = self.tx.await_final(200, seconds)
        self.remote = self.answered.get("To")
        self.remote_tag = self.answered.address("To").tag
        self.target = self.answered.address("Contact").uri
        self.routes = list(reversed(self.answered.values("Record-Route")))
        if ack:
            self.ack(body=body)
        return self.answered

    def ack(self, body=b"", tx=None, end=None):
        tx = tx or self.tx
        message = self.build("ACK", tx.request.cseq[0], body=body, end=end)
        self.send(message, end)
        tx.acks.append((message, end or self.end, self.peer_of_target()))
        return message

    def await_refusal(self, code, seconds=5.0):
        return self.tx.await_final(code, seconds)

    def send_cancel(self, headers=()):
        """CANCEL, sent without waiting for anything."""
        invite = self.invite
        message = Message(f"CANCEL {invite.uri} SIP/2.0", [
            ("Via", invite.get("Via")), ("Max-Forwards", "70"), ("From", invite.get("From")),
            ("To", invite.get("To")), ("Call-ID", invite.call_id),
            ("CSeq", f"{invite.cseq[0]} CANCEL"), *headers])
        return self.phone.transact(message, self.end, self.peer)

    def cancel(self, code=487):
        """CANCEL after a provisional response; gives the two final responses."""
        self.phone.loop.wait("a provisional response", lambda: self.tx.responses)
        done = self.send_cancel().await_final(200)
        return done, self.tx.await_final(code)

    # ---- inside the dialog --------------------------------------------------------------------

    def peer_of_target(self):
        """A datagram goes to where the Contact (or the first Route) says."""
        if self.end.transport != "UDP":
            return self.peer
        uri = Address(self.routes[0]).uri if self.routes else self.target
        return uri.address

    def build(self, method, cseq=None, body=b"", headers=(), end=None, contact=False, **more):
        if cseq is None:
            self.cseq += 1
            cseq = self.cseq
        routes = [("Route", route) for route in self.routes]
        contact = self.phone.contact if contact is True else contact or None
        return self.phone.build(method, self.target.text, to=self.remote, sender=self.local,
                                call_id=self.call_id, cseq=cseq, body=body, contact=contact,
                                headers=routes + list(headers), end=end or self.end, **more)

    def send(self, message, end=None):
        self.phone.send(message, end or self.end, self.peer_of_target())

    def request(self, method, end=None, **more):
        message = self.build(method, end=end, **more)
        return self.phone.transact(message, end or self.end, self.peer_of_target())

    def bye(self, code=200, **more):
        return self.request("BYE", **more).await_final(code)

    def await_bye(self, seconds=5.0):
        bye = self.await_request("BYE", seconds)
        self.respond(bye, 200)
        return bye

    def reinvite(self, body=None, **more):
        return self.request("INVITE", body=sdp(version=2) if body is None else body, contact=True,
                            **more)

    def finish_reinvite(self, tx, body=b""):
        final = tx.await_final(200)
        self.target = final.address("Contact").uri
        self.ack(tx=tx, body=body)
        return final

    def await_reinvite(self, seconds=5.0):
        return self.await_request("INVITE", seconds)

    def answer_reinvite(self, request, body=None):
        """Answers a re-INVITE and awaits its ACK."""
        self.respond(request, 200, body=sdp(port=42000, version=2) if body is None else body,
                     contact=self.phone.contact)
        number = request.cseq[0]
        return self.phone.loop.wait(
            "ACK of the re-INVITE",
            lambda: next((a for a in self.acks if a.cseq[0] == number), None))

    def hold(self, other, direction="sendonly", version=2):
        """Puts the other phone's call on hold through the server; gives (request, response)."""
        reply = {"sendonly": "recvonly", "sendrecv": "sendrecv", "inactive": "inactive"}[direction]
        tx = self.reinvite(sdp(direction=direction, version=version))
        request = other.await_reinvite()
        assert f"a={direction}".encode() in request.body, f"hold did not cross:\n{request}"
        other.respond(request, 200, body=sdp(port=42000, direction=reply, version=version),
                      contact=other.phone.contact)
        final = self.finish_reinvite(tx)
        assert f"a={reply}".encode() in final.body, f"answer did not cross:\n{final}"
        number = request.cseq[0]
        self.phone.loop.wait("ACK of the hold",
                             lambda: any(a.cseq[0] == number for a in other.acks))
        return request, final

    def await_heard(self):
        """Until the server has read what a caller sent it, the ACK too. The callee gets its ACK
        earlier, and a re-INVITE of its own before the caller's ACK came gets 491."""
        self.phone.options(code=None, end=self.end)

    def resume(self, other, version=3):
        return self.hold(other, "sendrecv", version)
