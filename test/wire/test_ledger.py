# SPDX-License-Identifier: Apache-2.0
"""The ledger: what is said of each leg is what TLS at the other end says too, and it is kept when the
connection is gone, in the record of the call, its last line in the log, and what is shown of it."""
import json
import os
import re
import ssl
import stat

import pytest

from kit.asks import Window
from kit.certs import openssl
from kit.loop import free_port


@pytest.fixture
def window():
    view = Window()
    yield view
    view.close()


@pytest.fixture
def records(tmp_path):
    return str(tmp_path / "records")


def read(path):
    with open(path, encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def fingerprint(path):
    """As openssl has it."""
    text = openssl("x509", "-in", path, "-noout", "-fingerprint", "-sha256")
    return text.strip().partition("=")[2].replace(":", "").lower()


def tls_facts(end):
    """Version and cipher as Python's OpenSSL at the far end has them."""
    return end.tls.version(), end.tls.cipher()[0]


def check_tls(leg, end, verified_by, name=None, certificate=None):
    assert (leg["tls_version"], leg["cipher"]) == tls_facts(end)
    assert leg["transport"] == "TLS" and leg["verified_by"] == verified_by
    assert leg.get("verified_name") == name
    assert leg.get("cert_sha256") == (fingerprint(certificate) if certificate else None)


@pytest.mark.parametrize("highest", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_both_legs_over_tls(bench, shop, window, records, highest):
    """The callee is known by the name in its certificate, the caller by nothing."""
    device = bench.peer("6001", "TLS", "sips", "127.0.0.2", identity=shop.peer)
    bench.start([{"number": 6001, "type": "extension",
                  "contact": f"sips:127.0.0.2:{device.local[1]}"}],
                admin=window.path, records=records)
    caller = bench.phone("7789", "TLS",
                         tls_client=shop.authority.client_context(highest=highest))
    call, seen = bench.talk(caller, device, "6001")
    shown = window.json("show", "calls")["items"][0]
    check_tls(shown["legs"][0], caller.end, "none")
    assert shown["legs"][0]["local"] == f"127.0.0.1:{bench.ports['TLS'][1]}"
    assert "name_kind" not in shown["legs"][0] and shown["legs"][1]["name_kind"] == "ip"
    check_tls(shown["legs"][1], device.listener.ends[-1], "name", "127.0.0.2",
              shop.peer.certificate)
    bench.hang_up(call, seen)
    bench.server.await_idle()
    done = read(records)[-1]
    assert done["legs"] == shown["legs"]
    assert done["call"] == shown["call"] and done["schema"] == "cdr/1"
    line = bench.server.await_line(rf"call {done['call']} over: (.*)").group(1)
    for leg in done["legs"]:
        assert leg["cipher"] in line and leg["tls_version"] in line
        assert leg.get("cert_sha256", "") in line
    assert "unauthenticated" in line and "verified=127.0.0.2" in line


def test_a_digest_registration_is_what_verified_it(bench, window, records):
    bench.start([{"number": "7789", "type": "extension", "contact": "*",
                  "password": "secret", "authenticate_requests": "register"}],
                admin=window.path, records=records)
    phone = bench.phone("7789", "TLS")
    phone.register(600, password="secret")
    caller = bench.phone("1234", "UDP").call("7789")
    seen = phone.await_call()
    seen.ring()
    caller.await_ringing()
    seen.answer(ack=False)
    caller.await_answer()
    seen.await_ack()
    leg = window.json("show", "calls")["items"][0]["legs"][1]
    check_tls(leg, phone.end, "digest")
    bench.hang_up(caller, seen)
    bench.server.await_idle()
    assert read(records)[-1]["legs"][1]["verified_by"] == "digest"
    assert "secret" not in open(records, encoding="utf-8").read()


def test_the_connection_is_gone_before_the_call(bench, shop, window, records):
    """A caller that vanishes: its leg is told all the same."""
    device, entry = bench.device("5000", "sip")
    bench.start([entry], admin=window.path, records=records)
    caller = bench.phone("7789", "TLS")
    call, seen = bench.talk(caller, device, "5000")
    facts = tls_facts(caller.end)
    caller.end.close()
    bench.loop.turn(0.3)
    seen.request("BYE").await_final(200)
    bench.server.await_counters(calls=0)
    leg = read(records)[-1]["legs"][0]
    assert (leg["tls_version"], leg["cipher"]) == facts
    assert leg["call_id"] == call.call_id
    line = bench.server.await_line(r"call \w+ over: .*caller .*\[sips/TLS TLSv1.*").group(0)
    assert facts[1] in line and "flow changes 1" in line
    assert leg["flow_changes"] == 1 and leg["last_flow_changes"][0]["cause"] == "dialled"


def test_the_record_of_a_call(bench, window, records):
    caller, device = bench.line("sips", "sip", records=records)
    assert stat.S_IMODE(os.stat(records).st_mode) & 0o007 == 0
    call, seen = bench.talk(caller, device)
    bench.hang_up(call, seen)
    refused = caller.call("5000")
    other = device.await_call()
    other.ring()
    refused.await_ringing()
    other.refuse(486)
    refused.await_refusal(486)
    cancelled = caller.call("5000")
    third = device.await_call()
    third.ring()
    cancelled.await_ringing()
    cancelled.cancel()
    bench.server.await_idle()
    one, two, three = read(records)
    assert len({one["call"], two["call"], three["call"]}) == 3
    assert (one["sip_code"], one["end_side"]) == (200, "caller")
    assert one["to"] == "5000" and one["crossing"] == "down"
    for key in ("start", "ring", "answer", "end"):
        assert re.fullmatch(r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ", one[key]), key
    assert one["start"] <= one["ring"] <= one["answer"] <= one["end"]
    assert (two["sip_code"], two["end_side"], two["answer"]) == (486, "callee", None)
    assert (three["sip_code"], three["end_side"]) == (487, "caller")
    ids = {record["legs"][0]["call_id"] for record in (one, two, three)}
    assert ids == {call.call_id, refused.call_id, cancelled.call_id}


def test_records_follow_a_rotation(bench, records):
    caller, device = bench.line("sip", "sip", records=records)
    for name in ("first", "second"):
        bench.hang_up(*bench.talk(caller, device))
        bench.server.await_idle()
        os.rename(records, f"{records}.{name}")
        assert len(read(f"{records}.{name}")) == 1


def test_a_client_certificate_is_what_verified_it(bench, shop, window, records):
    device, entry = bench.device("5000", "sip")
    listen = bench.ports_for()
    port = free_port("127.0.0.1")
    listen.append({"uri": f"sips:127.0.0.1:{port}", "client-certificate": "required"})
    identity = shop.leaf("east", "DNS:east.example.test")
    bench.start([entry], listen=listen, admin=window.path, records=records)
    caller = bench.phone("7789", "TLS", server=("127.0.0.1", port),
                         tls_client=shop.authority.client_context(identity))
    call, seen = bench.talk(caller, device)
    leg = window.json("show", "calls")["items"][0]["legs"][0]
    check_tls(leg, caller.end, "client-certificate", "east.example.test", identity.certificate)
    bench.hang_up(call, seen)
    bench.server.await_idle()
    assert read(records)[-1]["legs"][0] == leg
    bench.server.await_line(rf"over: .*client=east.example.test sha256={leg['cert_sha256']}")
