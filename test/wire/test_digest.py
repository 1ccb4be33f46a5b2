# SPDX-License-Identifier: Apache-2.0
"""Digest: who is challenged, with what, and what a wrong answer gets."""
import re

import pytest

from kit import digest

PASSWORD = "correct horse"
DN = {"number": "5000", "type": "extension", "contact": "*", "password": PASSWORD}


def challenges(response):
    return [digest.read_challenge(v) for n, v in response.headers if n == "WWW-Authenticate"]


def challenged(phone, method="REGISTER", **more):
    """Sends without credentials; gives the 401."""
    if method == "REGISTER":
        return phone.register(600, code=401, **more)
    return phone.call("6000", **more).await_refusal(401)


def with_credentials(phone, value, expires="600"):
    """One REGISTER with this Authorization; gives the final response."""
    phone.register_cseq += 1
    return phone.request("REGISTER", f"sip:{phone.domain}", to=f"<{phone.aor}>",
                         contact=phone.contact, call_id=phone.register_call_id,
                         cseq=phone.register_cseq,
                         headers=[("Expires", expires), ("Authorization", value)]).await_final()


def answer(phone, response, password=PASSWORD, user=None, **more):
    uri = f"sip:{phone.domain}"
    return digest.answer(digest.pick(response, more.pop("algorithm", None)),
                         user or phone.user, password, "REGISTER", uri, **more)


def test_the_challenges_are_sha256_then_md5(bench):
    bench.start([DN])
    found = challenges(challenged(bench.phone("5000")))
    assert [c["algorithm"].upper() for c in found] == ["SHA-256", "MD5"]
    for challenge in found:
        assert challenge["realm"] == "example.test"
        assert "auth" in re.split(r",\s*", challenge["qop"])
        assert challenge["nonce"] and challenge.get("stale", "false").lower() == "false"


@pytest.mark.parametrize("algorithm", ["MD5", "SHA-256"])
@pytest.mark.parametrize("transport", ["UDP", "TCP", "TLS"])
def test_the_right_password_registers(bench, transport, algorithm):
    bench.start([DN])
    phone = bench.phone("5000", transport)
    final = phone.register(600, password=PASSWORD, algorithm=algorithm)
    assert len(final.values("Contact")) == 1
    bench.server.await_counters(bindings=1)


def test_a_wrong_password_is_401_without_stale(bench):
    bench.start([DN])
    phone = bench.phone("5000")
    final = with_credentials(phone, answer(phone, challenged(phone), "wrong"))
    assert final.status == 401
    assert all(c.get("stale", "false").lower() == "false" for c in challenges(final))
    assert bench.server.counters()["bindings"] == 0


def test_the_count_may_grow_and_not_come_again(bench):
    bench.start([DN])
    phone = bench.phone("5000")
    first = challenged(phone)
    used = answer(phone, first, count=1)
    assert with_credentials(phone, used).status == 200
    assert with_credentials(phone, answer(phone, first, count=2)).status == 200
    replayed = with_credentials(phone, used, "0")
    assert replayed.status == 401
    assert all(c["stale"].lower() == "true" for c in challenges(replayed))
    assert with_credentials(phone, answer(phone, first, count=2), "0").status == 401
    assert with_credentials(phone, answer(phone, first, count=9)).status == 200
    assert bench.server.counters()["bindings"] == 1


def test_a_nonce_of_another_run_is_not_known(bench):
    bench.start([DN])
    old = challenged(bench.phone("5000"))
    bench.server.stop()
    bench.start([DN])
    phone = bench.phone("5000")
    final = with_credentials(phone, answer(phone, old))
    assert final.status == 401
    assert with_credentials(phone, answer(phone, final)).status == 200


@pytest.mark.parametrize("spoil", [
    lambda v: v.replace('nonce="', 'nonce="x'),
    lambda v: re.sub(r'response="(.)', lambda m: f'response="{"0" if m[1] != "0" else "1"}', v),
    lambda v: v.replace("nc=00000001", "nc=1"),
    lambda v: v.replace('realm="example.test"', 'realm="elsewhere"'),
    lambda v: v.replace("Digest ", "Basic "),
    lambda v: "Digest",
], ids=["nonce", "response", "nc", "realm", "basic", "empty"])
def test_spoiled_credentials_do_not_register(bench, spoil):
    bench.start([DN])
    phone = bench.phone("5000")
    final = with_credentials(phone, spoil(answer(phone, challenged(phone))))
    assert final.status in (400, 401)
    assert bench.server.counters()["bindings"] == 0
    phone.register(600, password=PASSWORD)


# rows: R3261-10.3-d
def test_one_number_cannot_register_another(bench):
    bench.start([DN, {"number": "5001", "type": "extension", "contact": "*",
                      "password": "another secret"}])
    phone = bench.phone("5000")
    first = challenged(phone)
    final = with_credentials(phone, answer(phone, first, "another secret", user="5001"))
    assert final.status in (401, 403)
    assert bench.server.counters()["bindings"] == 0


def shape(response):
    """What an observer can compare: everything but the random parts."""
    headers = []
    for name, value in response.headers:
        if name == "To":
            value = re.sub(r"\d{4}@", "N@", re.sub(r"tag=.*", "tag=", value))
        elif name == "WWW-Authenticate":
            value = re.sub(r'(nonce|opaque)="[^"]*"',
                           lambda m: f'{m[1]}="{len(m[0])}"', value)
        elif name in ("From", "Call-ID", "Via", "CSeq", "Date"):
            value = ""
        headers.append((name, value))
    return response.status, response.reason, headers


def test_unknown_and_known_numbers_look_alike(bench):
    bench.start([DN])
    known, unknown = bench.phone("5000"), bench.phone("5999")
    one, other = challenged(known), challenged(unknown)
    assert shape(one) == shape(other)
    assert shape(with_credentials(known, answer(known, one, "wrong"))) == shape(
        with_credentials(unknown, answer(unknown, other, "wrong")))


def test_an_invite_from_a_number_with_a_password_is_challenged(bench):
    device, entry = bench.device("6000", "sip")
    bench.start([DN, entry])
    phone = bench.phone("5000")
    refused = challenged(phone, "INVITE")
    assert not device.received("INVITE")
    uri = phone.server_uri("6000")
    value = digest.answer(digest.pick(refused), "5000", PASSWORD, "INVITE", uri)
    call = phone.call("6000", headers=[("Authorization", value)], cseq=2)
    seen = device.await_call()
    assert not seen.invite.has("Authorization"), "credentials crossed to the other leg"
    seen.answer(ack=False)
    call.await_answer()
    seen.await_ack()
    bench.hang_up(call, seen)
    bench.server.await_idle()


# rows: R5922-8.1
def test_a_registered_flow_does_not_speak_for_another_number(bench):
    """After 5001 registered on its connection, a From of 5000 there is still challenged."""
    device, entry = bench.device("6000", "sip")
    other = {"number": "5001", "type": "extension", "contact": "*", "password": "x y z"}
    bench.start([DN, other, entry])
    phone = bench.phone("5001", "TLS")
    phone.register(600, password="x y z")
    call = phone.call("6000", sender="<sips:5000@example.test>;tag=1")
    call.await_refusal(401)
    assert not device.received("INVITE")


def test_cancel_and_ack_are_never_challenged(bench):
    device, entry = bench.device("6000", "sip")
    bench.start([DN, entry])
    phone = bench.phone("5000")
    refused = challenged(phone, "INVITE")
    value = digest.answer(digest.pick(refused), "5000", PASSWORD, "INVITE",
                          phone.server_uri("6000"))
    call = phone.call("6000", headers=[("Authorization", value)], cseq=2)
    seen = device.await_call()
    seen.ring()
    call.await_ringing()
    cancel = call.send_cancel(headers=[("Require", "foo")])
    seen.await_cancel()
    cancel.await_final(200)
    call.await_refusal(487)
    bench.server.await_idle()


def test_authenticate_requests_names_the_methods(bench):
    """With register alone, an INVITE of that number passes."""
    device, entry = bench.device("6000", "sip")
    bench.start([{**DN, "authenticate-requests": "register"}, entry])
    phone = bench.phone("5000")
    challenged(phone)
    call = phone.call("6000")
    device.await_call().refuse(486)
    call.await_refusal(486)


def test_the_password_is_in_no_log(bench):
    bench.start([DN])
    phone = bench.phone("5000")
    phone.register(600, password=PASSWORD)
    bench.server.stop()
    assert PASSWORD not in bench.server.log()
