# SPDX-License-Identifier: Apache-2.0
"""The printed example of a sips INVITE, and the 200 that must answer it."""
import base64
import re
import uuid

import pytest

from kit import rules
from kit.call import Call, sdp
from kit.loop import free_port, port_is_free
from kit.message import parse_datagram, parse_head
from kit.wire import dial

SERVER, PHONE = "127.0.0.50", "127.0.0.24"
INVITE = """\
INVITE sips:5000@127.0.0.50:5314;transport=TCP SIP/2.0
From: "7789"<sips:7789@127.0.0.24>;tag=74cc50-185315ac-13c4-55013-38-2147ec74-38
To: <sips:5000@127.0.0.50:5314>
Call-ID: 75b148-185315ac-13c4-55013-38-4004bd76-38
CSeq: 1 INVITE
Via: SIP/2.0/TLS 127.0.0.24:5061;branch=z9hG4bK-38-dd24-c4644b6
Max-Forwards: 70
Supported: replaces,100rel,eventlist,timer
Allow: REGISTER, INVITE, ACK, BYE, REFER, NOTIFY, CANCEL, INFO, OPTIONS, \
PRACK, SUBSCRIBE, UPDATE, PUBLISH
User-Agent: AUDC-IPPhone/2.2.12.172 (420HD-Rev1; 00908F567540)
Contact: <sips:7789@127.0.0.24:5061;transport=TCP>
Session-Expires: 1800
Min-SE: 90
Content-Type: application/sdp
Content-Length: 299

"""
POLYCOM = [("User-Agent", "PolycomVVX-VVX_300-UA/5.2.0.8330"),
           ("Allow-Events", "conference,talk,hold"), ("Accept-Language", "en"),
           ("Allow", "INVITE, ACK, BYE, CANCEL, OPTIONS, INFO, MESSAGE, SUBSCRIBE, NOTIFY, PRACK, "
                     "UPDATE, REFER"),
           ("Supported", "100rel,replaces")]
TAG = re.compile(r"[0-9A-F]{8}-[0-9A-F]{4}-[0-9A-F]{4}-[0-9A-F]{4}-[0-9A-F]{12}-[0-9]+\Z")


def check_call_uuid(value):
    """26 characters of a version 4 UUID in base32hex, 6 of a call counter."""
    assert re.fullmatch(r"[0-9A-V]{32}", value), value
    octets = base64.b32hexdecode(value[:26] + "======")
    assert uuid.UUID(bytes=octets).version == 4, value


@pytest.fixture
def page(bench, shop):
    """A server on port 5314, the caller's connection and the Polycom phone."""
    port = 5314 if port_is_free(SERVER, 5314) else free_port(SERVER)
    plain = free_port("127.0.0.1")
    device, entry = bench.device("5000", "sip")
    identity = shop.leaf("page", f"IP:{SERVER}")
    bench.start([entry, {"number": 7789, "type": "extension", "contact": "*"}], identity=identity,
                listen=[f"sips:{SERVER}:{port}", f"sip:127.0.0.1:{plain};transport=udp"])
    bench.ports = {"TLS": (SERVER, port), "UDP": ("127.0.0.1", plain)}
    caller = bench.phone("7789", "TLS", host=PHONE)
    octets = INVITE.replace("\n", "\r\n").replace(":5314", f":{port}").encode()
    octets += sdp(PHONE, length=299)
    return bench, caller, device, octets, port


def send_octets(caller, octets):
    """Sends them as they are, and follows the call as if the phone had built it."""
    message = parse_datagram(octets)
    real_transact = caller.transact

    def transact(built, end=None, peer=None):
        built.encode = lambda: octets
        return real_transact(built, end, peer)
    caller.transact = transact
    call = Call.outgoing(caller, None, message=message)
    caller.transact = real_transact
    return call


# rows: S17 S18 S20 R5630-5.1.2-a R3261-8.2.6-a
def test_the_printed_invite_gets_the_printed_200(page):
    bench, caller, device, octets, port = page
    call = send_octets(caller, octets)
    seen = device.await_call()
    seen.ring()
    call.await_ringing()
    seen.answer(body=sdp(length=193), headers=POLYCOM, ack=False)
    answer = call.await_answer(ack=False)

    request = parse_datagram(octets)
    assert answer.start == "SIP/2.0 200 OK"
    assert sorted(answer.names()) == sorted(
        ["from", "to", "call-id", "cseq", "via", "contact", "x-genesys-calluuid", "allow",
         "user-agent", "allow-events", "accept-language", "session-expires", "supported",
         "content-type", "content-length"]), f"not the printed header set:\n{answer}"
    assert answer.get("From") == request.get("From")
    to, mark, tag = answer.get("To").partition(";tag=")
    assert to == f"<sips:5000@{SERVER}:{port}>" and mark and TAG.match(tag)
    assert answer.get("Call-ID") == "75b148-185315ac-13c4-55013-38-4004bd76-38"
    assert answer.get("CSeq") == "1 INVITE"
    assert answer.get("Via") == request.get("Via") + f";received={PHONE}"
    assert answer.get("Contact") == f"<sips:5000@{SERVER}:{port};transport=TCP>"
    check_call_uuid(answer.get("X-Genesys-CallUUID"))
    allow = "INVITE, ACK, PRACK, CANCEL, BYE, REFER, INFO, MESSAGE, NOTIFY, OPTIONS"
    assert [v for n, v in answer.headers if n == "Allow"] == [allow]
    assert answer.get("User-Agent") == "PolycomVVX-VVX_300-UA/5.2.0.8330"
    assert [v for n, v in answer.headers if n == "Allow-Events"] == ["conference,talk,hold"]
    assert answer.get("Accept-Language") == "en"
    assert answer.get("Session-Expires") == "1800;refresher=uas"
    assert [v for n, v in answer.headers if n == "Supported"] == ["uui,timer"]
    assert answer.get("Content-Type") == "application/sdp"
    assert b"m=audio" in answer.body

    call.ack()
    seen.await_ack()
    bench.hang_up(seen, call)
    bench.check_legs(caller, device)
    bench.server.await_idle()


def test_the_callee_leg_is_plain_and_its_own(page):
    bench, caller, device, octets, port = page
    call = send_octets(caller, octets)
    seen = device.await_call()
    invite = seen.invite
    assert "sips" not in rules.head(invite).lower()
    assert invite.via.transport == "UDP"
    assert invite.call_id != call.call_id
    assert invite.address("From").tag != call.local_tag
    assert invite.address("From").uri.user == "7789"
    assert invite.address("To").uri.user == "5000"
    assert invite.uri.startswith("sip:5000@")
    assert invite.get("Max-Forwards") == "69"
    assert not invite.has("Record-Route") and not invite.has("Route")
    media = [line for line in sdp(PHONE, length=299).split(b"\r\n") if line[:2] in (b"m=", b"a=")]
    assert [line for line in invite.body.split(b"\r\n") if line[:2] in (b"m=", b"a=")] == media
    seen.ring()
    ringing = call.await_ringing()
    assert TAG.match(ringing.address("To").tag)
    assert ringing.get("Contact") == f"<sips:5000@{SERVER}:{port};transport=TCP>"
    seen.answer(headers=POLYCOM, ack=False)
    answer = call.await_answer()
    assert answer.address("To").tag == ringing.address("To").tag
    seen.await_ack()
    uuids = rules.call_uuids(caller) | rules.call_uuids(device)
    assert len(uuids) == 1 and invite.get("X-Genesys-CallUUID") in uuids
    bench.hang_up(call, seen)
    bench.check_legs(caller, device)
    rules.check_no_shared_identifiers(caller, device)
    bench.server.await_idle()


# rows: S19 R3261-12.1.1-f R3261-18.2.1-b
def test_ack_and_bye_reach_the_contact_over_a_new_connection(page, shop):
    """A strict client dials the Contact of the 200 and checks the certificate found there."""
    bench, caller, device, octets, _port = page
    call = send_octets(caller, octets)
    seen = device.await_call()
    seen.answer(headers=POLYCOM, ack=False)
    answer = call.await_answer(ack=False)
    fresh = dial(bench.loop, caller, answer.address("Contact").uri.address,
                 shop.authority.client_context(), source=PHONE)
    bench.loop.wait("the new connection", lambda: fresh.open)
    call.ack(end=fresh)
    seen.await_ack()
    bye = call.request("BYE", end=fresh)
    seen.await_bye()
    bye.await_final(200)
    bench.server.await_idle()


def test_each_call_has_a_uuid_of_its_own(page):
    """The first 26 characters stay for the run, the counter behind them grows."""
    bench, caller, device, _octets, _port = page
    seen_uuids = []
    for _ in range(3):
        call, seen = bench.talk(caller, device)
        seen_uuids.append(seen.invite.get("X-Genesys-CallUUID"))
        bench.hang_up(call, seen)
    for value in seen_uuids:
        check_call_uuid(value)
    assert len({value[:26] for value in seen_uuids}) == 1
    assert len(set(seen_uuids)) == 3 and seen_uuids == sorted(seen_uuids)


def test_the_first_answer_is_a_100_without_a_to_tag(page):
    _bench, caller, device, octets, _port = page
    call = send_octets(caller, octets)
    trying = call.tx.await_status(100)
    assert trying.address("To").tag is None and not trying.has("Contact")
    device.await_call().refuse(486)
    assert call.await_refusal(486).address("To").tag
    assert parse_head(b"SIP/2.0 100 Trying").status == 100
