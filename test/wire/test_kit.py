# SPDX-License-Identifier: Apache-2.0
"""The kit judges others, so it is judged first: phones talk to each other without a server."""
import socket
import ssl

import pytest

from kit import digest, rules
from kit.call import Call, sdp
from kit.loop import Late, free_port
from kit.legs import Legs
from kit.message import (Address, Malformed, Message, StreamReader, Uri, parse_datagram, parse_head,
                         split_list)
from kit.phone import Phone, Record
from kit.server import config_text
from kit.shark import Piece
from kit.tap import Tap

GOOD = (b"OPTIONS sip:a@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:5;branch=z9hG4bK1\r\n"
        b"Max-Forwards: 70\r\nFrom: <sip:b@c>;tag=1\r\nTo: <sip:a@c>\r\nCall-ID: x\r\n"
        b"CSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n")


def test_the_reader_takes_a_good_message_and_gives_it_back():
    message = parse_datagram(GOOD)
    assert message.method == "OPTIONS" and message.cseq == (1, "OPTIONS")
    assert message.encode() == GOOD


@pytest.mark.parametrize("old,new", [
    (b"\r\nTo:", b"\nTo:"), (b"Content-Length: 0", b"Content-Length: 1"),
    (b"Content-Length: 0\r\n", b""), (b"Call-ID: x", b"Call-ID: x\r\nCall-ID: x"),
    (b"Call-ID: x", b"Call-ID : x"), (b"Call-ID: x\r\n", b""),
    (b"CSeq: 1 O", b"CSeq: 1 INVITE\r\nO: "),
    (b"Max-Forwards: 70\r\n", b""), (b"<sip:a@c>", b"sip:a@c;transport=tcp"),
    (b"<sip:a@c>", b"<sip:a@c;x=1;x=2>"), (b"z9hG4bK", b""), (b"Call-ID: x", b"Call-ID: x\r\n y"),
    (b"1 OPTIONS", b"2147483648 OPTIONS"), (b"SIP/2.0\r\n", b"SIP/2.1\r\n"),
])
def test_the_reader_refuses_what_is_not_strict(old, new):
    assert old in GOOD
    with pytest.raises(Malformed):
        parse_datagram(GOOD.replace(old, new, 1))


def test_the_stream_reader_takes_any_split():
    stream = b"\r\n\r\n" + GOOD + GOOD
    for at in range(len(stream)):
        reader = StreamReader()
        assert len(reader.feed(stream[:at]) + reader.feed(stream[at:])) == 2
    reader = StreamReader()
    assert sum(len(reader.feed(stream[i:i + 1])) for i in range(len(stream))) == 2
    assert reader.crlf_count == 2


def test_addresses_are_taken_apart():
    address = Address('"a, \\"b\\"" <sips:u;x@h:5061;transport=TCP>;tag=7;q="1;2"')
    assert address.uri.user == "u;x" and address.uri.params == {"transport": "TCP"}
    assert address.tag == "7" and address.uri.address == ("h", 5061)
    assert Address("sips:5000@host;tag=1").tag == "1"
    assert Uri("sip:[::1]").address == ("::1", 5060)
    assert split_list('<sip:a,b@c>, "x, y" <sip:d>,z') == ["<sip:a,b@c>", '"x, y" <sip:d>', "z"]
    with pytest.raises(Malformed):
        Uri("sips:@h x")


def test_digest_gives_the_printed_example():
    """RFC 7616 section 3.9.1, both algorithms."""
    challenge = {"realm": "http-auth@example.org", "qop": "auth, auth-int",
                 "nonce": "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v"}
    want = {"MD5": "8ca523f5e9506fed4657c9700eebdbec",
            "SHA-256": "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"}
    for algorithm, response in want.items():
        value = digest.answer(dict(challenge, algorithm=algorithm), "Mufasa", "Circle of Life",
                              "GET", "/dir/index.html",
                              cnonce="f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ")
        assert f'response="{response}"' in value


def pair(bench, kind):
    """Two phones that talk without a server between them."""
    scheme = "sips" if kind == "TLS" else "sip"
    callee = bench.peer("5000", kind, scheme)
    more = {"tls_client": bench.shop.authority.client_context()} if kind == "TLS" else {}
    return Phone(bench.loop, "7789", kind, scheme, server=callee.local, **more), callee


@pytest.mark.parametrize("kind", ["UDP", "TCP", "TLS"])
def test_two_phones_call_hold_and_hang_up(bench, kind):
    caller, callee = pair(bench, kind)
    call = caller.call("5000")
    seen = callee.await_call()
    seen.ring()
    call.await_ringing()
    seen.answer(ack=False)
    call.await_answer()
    seen.await_ack()
    call.hold(seen)
    call.resume(seen)
    tx = seen.request("BYE")
    call.await_bye()
    tx.await_final(200)
    assert not caller.strays and not callee.strays


@pytest.mark.parametrize("kind", ["UDP", "TLS"])
def test_two_phones_cancel_and_refuse(bench, kind):
    caller, callee = pair(bench, kind)
    call = caller.call("5000")
    seen = callee.await_call()
    seen.ring()
    call.phone.loop.wait("180", lambda: call.tx.responses)
    call.send_cancel()
    seen.await_cancel()
    call.await_refusal(487)
    other = caller.call("5000")
    callee.await_call().refuse(486)
    other.await_refusal(486)


def test_a_peer_with_a_wrong_name_is_not_spoken_to(bench, shop):
    wrong = shop.leaf("wrong", "DNS:other.example.test")
    callee = bench.peer("5000", "TLS", identity=wrong)
    with pytest.raises(AssertionError, match="IP address mismatch|certificate"):
        Phone(bench.loop, "7789", "TLS", "sips", server=callee.local,
              tls_client=shop.authority.client_context())
    assert not callee.log


def test_an_expired_and_a_rogue_certificate_are_refused(bench, shop):
    for identity in (shop.expired, shop.rogue):
        callee = bench.peer("5000", "TLS", identity=identity)
        with pytest.raises(AssertionError, match="expired|self.signed|unable to get"):
            Phone(bench.loop, "7789", "TLS", "sips", server=callee.local,
                  tls_client=shop.authority.client_context())


def test_the_rules_see_a_leak(bench):
    """A sip URI on a sips leg, and sips on a sip leg, turn the judges red."""
    caller, callee = pair(bench, "TLS")
    caller.request("OPTIONS")
    bench.loop.wait("the OPTIONS", lambda: callee.log)
    callee.log[0].message.set("Max-Forwards", "70")
    rules.check_sips_leg(callee, {caller.local[1]})
    callee.log[0].message.set("P-Asserted-Identity", "<sip:a@b>")
    with pytest.raises(AssertionError, match="sip URI on a sips leg"):
        rules.check_sips_leg(callee, {caller.local[1]})
    caller, callee = pair(bench, "UDP")
    caller.request("OPTIONS", headers=[("X-Origin", "SIPS:a@b")])
    bench.loop.wait("the OPTIONS", lambda: callee.log)
    with pytest.raises(AssertionError, match="sips on a sip leg"):
        rules.check_sip_leg(callee, "UDP")


class Heard:
    """What a capture heard: one piece of octets."""

    def __init__(self, data, *place):
        self.piece = Piece(*place)
        self.piece.data = data

    def stop(self):
        pass

    def pieces(self):
        return [self.piece]


@pytest.mark.parametrize("place,is_seen", [
    ((False, 5060, 40000), True), ((True, 5060, 40000, 5060), True),   # from a server's port
    ((True, 40001, 7000, 7000), True),                                 # on what it opened
    ((True, 7000, 40001, 7000), True),
    ((False, 40000, 5060), False), ((True, 40000, 5060, 5060), False),  # a client, to a server
    ((True, 40001, 9000, 9000), False),                                # behind a witness's TLS
])
def test_the_tap_sees_a_sips_leg_in_clear(bench, place, is_seen):
    caller, callee = pair(bench, "TLS")
    caller.request("OPTIONS", uri=f"sips:a@127.0.0.1:{callee.local[1]}")
    bench.loop.wait("the OPTIONS", lambda: callee.log)
    tap = Tap()
    tap.note_server("listen:\n  - \"sip:127.0.0.1:5060;transport=udp\"\ndn:\n  - sip:1.2.3.4:7000\n")
    tap.note_helper(9000)
    tap.note(callee.log[0], callee)
    call_id = callee.log[0].message.call_id.encode()
    tap.capture = Heard(b"BYE x\r\nCall-ID: " + call_id, *place)
    assert bool(tap.judge()) == is_seen
    tap.capture.piece.data = b"BYE x\r\nCall-ID: another-one"
    assert tap.judge() == []


class Desk:
    """A phone as the tap sees it, and what it and a server say to each other."""
    transport, secure, user, is_behind_proxy = "TLS", True, "5000", False
    server = "sips:127.0.0.1:5061"

    def __init__(self, text='listen:\n  - "sips:127.0.0.1:5061"\ndn:\n'):
        self.tap, self.legs = Tap(), Legs()
        self.tap.note_server(text)

    def _note(self, way, message, **changed):
        """What the tap has against a MESSAGE in which some header fields were CHANGED."""
        for name, value in changed.items():
            message.set(name.replace("_", "-"), value)
        self.tap.note(Record(way, message, self), self)
        return self.tap.take_wrong().partition(": --- ")[0]

    def _request(self, way, method, uri, sender, to, **changed):
        message = Message(f"{method} {uri} SIP/2.0", [
            ("Via", "SIP/2.0/TLS 127.0.0.1:5061;branch=z9hG4bK" + method), ("Max-Forwards", "70"),
            ("From", sender), ("To", to), ("Call-ID", "one-of-the-desk"), ("CSeq", f"1 {method}")])
        self.last = message
        return self._note(way, message, **changed)

    def say(self, method, uri=server, sender="<sips:5000@x>;tag=p", to="<sips:7@x>", **changed):
        return self._request("out", method, uri, sender, to, **changed)

    def hear(self, method, uri="sips:5000@127.0.0.1:4000", sender="<sips:7@x>;tag=s",
             to="<sips:5000@x>", **changed):
        if method == "INVITE":
            changed.setdefault("Contact", "<sips:7@127.0.0.1:5061>")
        return self._request("in", method, uri, sender, to, **changed)

    def _answer(self, way, status, **changed):
        asked = self.last
        message = Message(f"SIP/2.0 {status} Text", [
            ("Via", asked.get("Via") + ";received=127.0.0.1"), ("From", asked.get("From")),
            ("To", asked.get("To") + ";tag=s"), ("Call-ID", asked.call_id),
            ("CSeq", asked.get("CSeq"))])
        if asked.method == "INVITE" and status < 300:
            message.headers.append(("Contact", "<sips:7@127.0.0.1:5061;transport=tcp>"))
        return self._note(way, message, **changed)

    def hear_answer(self, status=200, **changed):
        return self._answer("in", status, **changed)

    def answer(self, **changed):
        return self._answer("out", 200, **changed)


CARRIES_URIS = [
    "Contact", "Record-Route", "Route", "Path", "Service-Route", "Refer-To", "Referred-By",
    "Reply-To", "P-Asserted-Identity", "P-Preferred-Identity", "History-Info", "Diversion",
    "Alert-Info", "Call-Info", "Error-Info", "From", "To", "X-Of-Tomorrow"]


@pytest.mark.parametrize("name", CARRIES_URIS)
@pytest.mark.parametrize("way", ["request", "answer", "in a dialog", "refusal"])
def test_the_tap_reads_each_field_of_each_message_of_a_sips_leg(name, way):
    wrong = {"transport=tls": "<sips:7@127.0.0.1:5061;transport=tls>",
             "transport=tls ": "<sips:7@127.0.0.1:5061;a=b;Transport=%54LS>",
             "a sip URI": "<sip:7@127.0.0.1:5061>"}
    for what, value in wrong.items():
        desk = Desk()
        if way == "request":
            assert what.strip() in desk.hear("INVITE", **{name: value + ";tag=s"})
            continue
        desk.say("INVITE")
        assert desk.hear_answer() == ""
        if way == "in a dialog":
            tags = {"sender": "<sips:7@x>;tag=s", "to": "<sips:5000@x>;tag=p"}
            assert what.strip() in desk.hear("INVITE", **tags, **{name: value + ";tag=p"})
        else:
            status = 200 if way == "answer" else 486
            assert what.strip() in desk.hear_answer(status, **{name: value + ";tag=s"})


@pytest.mark.parametrize("changed,wrong", [
    ({}, ""), ({"Contact": None}, "no Contact"),
    ({"Contact": "<sips:7@127.0.0.1:5061>, <sips:8@127.0.0.1>"}, "2 Contact"),
    ({"Contact": "<sips:7@127.0.0.1:5060>"}, "Contact names no TLS listener"),
    ({"Contact": "<tel:7>"}, "not a SIP URI"),
    ({"Contact": None, "m": "<sip:7@127.0.0.1:5061>"}, "a sip URI"),
    ({"Route": "<sips:a@b;lr>, <sip:c@d;lr>"}, "a sip URI on a sips leg in route"),
    ({"uri": "sips:5000@127.0.0.1;transport=tls"}, "transport=tls emitted in the Request-URI"),
    ({"uri": "sips:5000@127.0.0.1;%54ransport=tls"}, "transport=tls emitted in the Request-URI"),
    ({"Via": "SIP/2.0/TCP 127.0.0.1:5061;branch=z9hG4bK1"}, "Via is not TLS"),
    ({"Via": "SIP/2.0/TLS 127.0.0.1:5060;branch=z9hG4bK1"}, "Via names no TLS listener"),
    ({"Via": "SIP/2.0/TLS 127.0.0.1:5061;branch=z9hG4bK1, SIP/2.0/TLS 127.0.0.1:5061"},
     "not one Via"),
])
def test_the_tap_reads_a_request_that_makes_a_sips_leg(changed, wrong):
    said = Desk().hear("INVITE", **changed)
    assert wrong in said if wrong else said == ""


@pytest.mark.parametrize("method", ["INVITE", "UPDATE", "SUBSCRIBE", "REFER"])
def test_the_tap_wants_the_contact_of_who_may_be_asked_again(method):
    desk = Desk()
    assert desk.hear(method, Contact=None) == "no Contact"
    desk.say(method)
    assert desk.hear_answer(Contact=None) == "no Contact" and desk.hear_answer(486) == ""
    assert desk.hear_answer(100, Contact=None) == ""
    if method == "INVITE":  # with a tag it makes a dialog before it is answered
        assert desk.hear_answer(101, Contact=None) == "no Contact"
        assert desk.hear_answer(180, Contact=None, To="<sips:7@x>") == ""
        assert desk.hear_answer(302, Contact="<sips:8@elsewhere:4000>") == ""
    desk.say("BYE")
    assert desk.hear_answer() == ""


def test_the_tap_lets_through_the_history_that_came():
    one, other = Desk(), Desk()
    other.tap = one.tap
    one.say("INVITE", "sip:7@x", History_Info="<sip:a@b>;index=1, <sips:c@d;transport=tls>;index=1.1")
    assert other.hear("INVITE", History_Info="<sip:a@b>;index=1") == ""
    assert other.hear("INVITE", History_Info="<sips:c@d;transport=tls>;index=1.1") == ""
    assert "sip URI" in other.hear("INVITE", History_Info="<sip:a@b>;index=1, <sip:c@d>;index=2")


def test_the_tap_lets_words_be_words():
    assert Desk().hear("INVITE", Subject="not <sip:a@b;transport=tls>") == ""
    assert Desk().hear("INVITE", Contact="<sips:7@127.0.0.1:5061;transport=tls-sctp>") == ""


def test_the_tap_knows_a_sips_leg_by_what_opened_it():
    desk = Desk()
    sip = "<sip:7@127.0.0.1:5061;transport=tls>"
    desk.say("INVITE", "sip:7@127.0.0.1:5061")  # sip over TLS
    assert desk.hear_answer(Contact=sip) == ""
    assert desk.hear("BYE", "sip:5000@x", "<sip:7@x>;tag=s", "<sip:5000@x>;tag=p") == ""
    assert (desk.tap.judged, desk.tap.passed) == (0, 2)
    desk.say("INVITE", "SIPS:7@127.0.0.1:5061", "<sips:5000@x>;tag=q")
    assert "sip URI" in desk.hear_answer(183, Contact=sip) and desk.tap.judged == 1
    in_dialog = "<sips:7@x>;tag=s", "<sips:5000@x>;tag=q"
    assert "Request-URI is not sips" in desk.hear("BYE", "sip:5000@x", *in_dialog)
    assert desk.hear("INVITE", sender="<sips:7@x>;tag=t") == ""  # then again, as the same leg
    assert "Request-URI is not sips" in desk.hear("INVITE", "sip:5000@x", "<sips:7@x>;tag=t")
    wrong = desk.hear("BYE", "sip:5000@x", "<sips:7@x>;tag=t", "<sips:5000@x>;tag=new")
    assert "Request-URI is not sips" in wrong
    desk.hear("INVITE", "sip:5000@x", "<sip:7@x>;tag=u", "<sip:5000@x>", Contact=sip)
    assert "sip URI" in desk.hear("BYE", "sips:5000@x", "<sip:7@x>;tag=u", "<sip:5000@x>;tag=v")
    desk.secure, desk.transport = False, "TCP"
    assert "a sips leg in clear" in desk.hear("BYE", "sips:5000@x", *in_dialog)
    assert "a sips leg in clear" in desk.hear("INVITE", sender="<sips:7@x>;tag=y")
    desk.say("OPTIONS", sender="<sips:5000@x>;tag=w")  # in clear: refused there
    assert desk.hear_answer(400) == "" and desk.tap.unplaced == 0
    assert desk.hear_answer(400, Via="SIP/2.0/TLS x;branch=z9hG4bKy") == ""  # to nothing that we said
    assert desk.tap.unplaced == 1


def test_the_tap_lets_through_what_repeats_the_phone():
    """Octet for octet, and on that leg alone."""
    odd, own = "<sip:5000@x;transport=tls>", "<sips:edge;lr;transport=tls>"
    desk = Desk()
    desk.say("INVITE", sender=odd + ";tag=p", to="<sip:7@x>", Record_Route=own)
    assert desk.hear_answer(Record_Route=own) == ""
    assert "sip URI" in desk.hear_answer(From="<sip:5000@x>;tag=p")
    assert "sip URI" in desk.hear_answer(To="<sip:8@x>;tag=s")
    assert "transport=tls" in desk.hear_answer(Record_Route=own.replace("edge", "edges"))
    assert "transport=tls" in desk.hear_answer(Route=own)
    tags = {"sender": "<sip:7@x>;tag=s", "to": odd + ";tag=p"}
    assert desk.hear("BYE", **tags) == ""
    assert "sip URI" in desk.hear("BYE", **{**tags, "sender": "<sip:8@x>;tag=s"})
    desk.say("INVITE", Via="SIP/2.0/TLS x;branch=z9hG4bKx;transport=tls")
    assert desk.hear_answer() == ""
    desk.say("INVITE", sender="<sips:5000@x>;tag=q")
    assert "sip URI" in desk.hear("BYE", **{**tags, "to": odd + ";tag=q"})


def test_the_tap_lets_through_a_target_that_the_phone_named():
    """A sip Contact on a sips leg stays what it is; but transport=tls is not said again."""
    in_dialog = "<sips:7@x>;tag=s", "<sips:5000@x>;tag=p"
    desk = Desk()
    desk.say("INVITE", Contact="<sip:5000@127.0.0.1:4000>")
    assert desk.hear("BYE", "sip:5000@127.0.0.1:4000", *in_dialog) == ""
    assert "Request-URI is not sips" in desk.hear("BYE", "sip:5000@127.0.0.1", *in_dialog)
    desk.hear("INVITE", sender="<sips:7@x>;tag=t")
    desk.answer(Contact="<sip:5000@127.0.0.1:4000;transport=tls>")
    wrong = desk.hear("ACK", "sip:5000@127.0.0.1:4000;transport=tls", "<sips:7@x>;tag=t")
    assert wrong == "transport=tls emitted in the Request-URI"


def test_the_tap_lets_through_the_route_set_that_the_phone_made():
    route, in_dialog = "<sips:edge;lr;transport=tls>", ("<sips:7@x>;tag=s", "<sips:5000@x>;tag=p")
    desk = Desk()
    desk.say("INVITE", Record_Route=f"{route}, <sip:inner;lr>")
    assert desk.hear("BYE", "sips:5000@x", *in_dialog, Route=route) == ""
    assert "transport=tls" in desk.hear("BYE", "sips:5000@x", *in_dialog, Contact=route)
    assert "sip URI" in desk.hear("BYE", "sips:5000@x", *in_dialog, Route="<sip:inner;lr>")
    assert "transport=tls" in desk.hear("BYE", sender="<sips:7@x>;tag=t", Route=route)


def test_the_tap_judges_the_server_alone():
    desk = Desk()
    desk.is_behind_proxy = True
    assert desk.hear("INVITE", Contact="<sip:7@x>") == "" and desk.tap.judged == 0


def test_the_tap_lets_through_what_phones_registered():
    mine = "<sips:5000@127.0.0.1:4000;transport=tls>"
    desk = Desk()
    desk.say("REGISTER", Contact=mine, Path="<sip:edge;lr>")
    assert desk.hear_answer(Contact=mine + ";expires=600", Path="<sip:edge;lr>") == ""
    assert "sip URI" in desk.hear_answer(Contact=mine, Path="<sip:edges;lr>")
    assert "transport=tls" in desk.hear_answer(Contact=mine.replace("5000", "5001"))
    assert "sip URI" in desk.hear_answer(Contact=mine + ';pub-gruu="sip:5000@x;gr=a"')
    assert "transport=tls" in desk.hear_answer(Service_Route="<sips:us;lr;transport=tls>")
    assert "transport=tls" in desk.hear_answer(302, Contact=mine)
    desk.say("OPTIONS")
    assert "transport=tls" in desk.hear_answer(Contact=mine)


def test_the_tap_lets_through_what_emit_transport_tls_allows():
    shown = "<sips:7@127.0.0.1:5061;transport=tls>"
    text = config_text(["sips:127.0.0.1:5061"], [
        {"number": "5000", "emit-transport-tls": "yes"}, {"number": "5001"},
        {"number": "5002", "emit-transport-tls": "no"}])
    desk = Desk(text)
    assert desk.hear("INVITE", Contact=shown) == ""
    assert "sip URI" in desk.hear("INVITE", Contact="<sip:7@127.0.0.1:5061;transport=tls>")
    assert "transport=tls" in desk.hear("INVITE", Route="<sips:a;lr;transport=tls>")
    for desk.user in ("5001", "5002", "50"):
        assert "transport=tls" in desk.hear("INVITE", Contact=shown)


def test_waiting_ends(bench):
    with pytest.raises(Late):
        bench.loop.wait("nothing", lambda: False, 0.1)


def test_ports_are_free():
    port = free_port()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", port))


def test_sdp_has_the_length_asked_for():
    assert len(sdp(length=299)) == 299
    assert parse_head(b"SIP/2.0 200 OK").status == 200
    assert Call and ssl.HAS_TLSv1_3
