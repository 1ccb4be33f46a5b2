# SPDX-License-Identifier: Apache-2.0
"""The kit judges others, so it is judged first: phones talk to each other without a server."""
import socket
import ssl

import pytest

from kit import digest, rules
from kit.call import Call, sdp
from kit.loop import Late, free_port
from kit.message import (Address, Malformed, StreamReader, Uri, parse_datagram, parse_head,
                         split_list)
from kit.phone import Phone
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
    tap.note(callee.log[0])
    call_id = callee.log[0].message.call_id.encode()
    tap.capture = Heard(b"BYE x\r\nCall-ID: " + call_id, *place)
    assert bool(tap.judge()) == is_seen
    tap.capture.piece.data = b"BYE x\r\nCall-ID: another-one"
    assert tap.judge() == []


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
