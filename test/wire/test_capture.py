# SPDX-License-Identifier: Apache-2.0
"""tshark over whole runs: no clear octet tells of a sips leg, and the checker can see one."""
import os
import socket

import pytest

from kit.shark import Capture, may_capture

KEYLOG = ("--insecure-debug",)


@pytest.fixture
def capture(bench, need, tmp_path):
    path = need("tshark")
    may, why = may_capture(path)
    if not may:
        pytest.skip(f"this user may not capture on lo: {why}")
    shark = Capture(bench.loop, path, tmp_path)
    bench.programs.append(shark)
    return shark


def start(bench, tmp_path, dn):
    keylog = os.path.join(str(tmp_path), "keys")
    bench.start(dn, words=["--keylog", keylog, *KEYLOG])
    return keylog


def ports_of(bench, *phones):
    """All ports that SIP may cross in this run."""
    return {address[1] for address in bench.ports.values()} | {
        phone.local[1] for phone in phones}


def call_ids(phone):
    return {record.message.call_id for record in phone.log}


@pytest.mark.limit(60)
def test_no_clear_frame_tells_of_a_sips_leg(bench, capture, tmp_path):
    secure, secure_dn = bench.device("5000", "sips")
    plain, plain_dn = bench.device("5001", "sip")
    tcp, tcp_dn = bench.device("5002", "sip", "TCP")
    keylog = start(bench, tmp_path, [secure_dn, plain_dn, tcp_dn,
                                     {"number": "7789", "type": "extension", "contact": "*"}])
    sips_phone, sip_phone = bench.phone("7789", "TLS"), bench.phone("7790")
    sips_phone.register(600)
    for caller, device, number in (
            (sips_phone, plain, "5001"), (sip_phone, secure, "5000"), (sips_phone, tcp, "5002"),
            (sips_phone, secure, "5000"), (sip_phone, plain, "5001"),
            (sip_phone, sips_phone, "7789")):
        call, seen = bench.talk(caller, device, number)
        call.hold(seen)
        bench.hang_up(seen, call)
        refused = caller.call(number)
        device.await_call().refuse(486)
        refused.await_refusal(486)
        given_up = caller.call(number)
        ringing = device.await_call()
        ringing.ring()
        given_up.await_ringing()
        given_up.send_cancel()
        ringing.await_cancel()
        given_up.await_refusal(487)
    sips_phone.register(0)
    bench.server.await_idle()
    bench.server.stop()
    capture.stop()

    hidden = call_ids(sips_phone) | call_ids(secure)
    shown = call_ids(sip_phone) | call_ids(plain) | call_ids(tcp)
    ports = ports_of(bench, secure, plain, tcp, sips_phone, sip_phone)
    assert capture.leaks(ports, hidden) == []

    clear = b"".join(capture.on_the_wire(ports).values())
    assert all(call_id.encode() in clear for call_id in shown), "the capture missed plain legs"
    tls_ports = {bench.ports["TLS"][1], secure.local[1]}
    inside = capture.decrypted(keylog, tls_ports)
    assert {row[0] for row in inside} >= hidden, "the capture or the keys missed sips legs"
    uris = {row[1] for row in inside if row[1]}
    assert uris and all(uri.startswith("sips:") for uri in uris)


@pytest.mark.limit(40)
@pytest.mark.parametrize("what", ["uri", "call-id"])
def test_a_planted_leak_is_found(bench, capture, tmp_path, what):
    """One datagram too many, and the checker of the test above is no longer content."""
    plain, plain_dn = bench.device("5001", "sip")
    start(bench, tmp_path, [plain_dn])
    phone = bench.phone("7789", "TLS")
    call, seen = bench.talk(phone, plain, "5001")
    leak = {"uri": b"Contact: <SIPS:7789@127.0.0.1>", "call-id": call.call_id.encode()}[what]
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as planter:
        planter.sendto(b"OPTIONS x\r\n" + leak, ("127.0.0.1", bench.ports["UDP"][1]))
    bench.hang_up(call, seen)
    capture.stop()
    found = capture.leaks(ports_of(bench, plain, phone), call_ids(phone))
    assert len(found) == 1 and found[0][0][0] == "datagram"


def test_keys_are_not_written_without_insecure_debug(bench, tmp_path):
    from kit.server import Server
    text = bench.text([bench.device("5001", "sip")[1]])
    keylog = str(tmp_path / "keys")
    server = Server(bench.loop, tmp_path, text, ["--keylog", keylog])
    server.forgiven = True
    bench.servers.append(server)
    assert server.program.await_end(10) != 0
    assert "insecure-debug" in server.log() and not os.path.exists(keylog)
