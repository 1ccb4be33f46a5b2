# SPDX-License-Identifier: Apache-2.0
"""What bad input gets; after each of it a good request is answered."""
import os
import re

import pytest

from kit.call import sdp
from kit.wire import dial

BASE = {
    "Via": "SIP/2.0/{kind} 127.0.0.1:{port};branch=z9hG4bK{branch};rport",
    "Max-Forwards": "70", "From": "<sip:7789@example.test>;tag=1",
    "To": "<sip:5000@example.test>", "Call-ID": "{branch}@bad", "CSeq": "1 {method}",
    "Contact": "<sip:7789@127.0.0.1:{port}>",
}
ANY = ["UDP", "TCP", "TLS"]


@pytest.fixture(scope="module")
def server(shared_bench):
    """A server with one plain device that must hear nothing of all this."""
    shared_bench.quiet, entry = shared_bench.device("5000", "sip")
    shared_bench.start([entry])
    return shared_bench


@pytest.fixture
def line(request, server):
    request.node.bench = server
    with server.guests():
        yield server
        assert not server.quiet.received("INVITE"), "bad input reached a device"
        server.alive("UDP")
        server.alive("TLS")


def text(raw, method="INVITE", uri="sip:5000@127.0.0.1", version="SIP/2.0", drop=(), body=None,
         extra=(), first="", **change):
    """A request as octets: `change` replaces headers, `drop` leaves some out."""
    body = body if body is not None else (sdp() if method == "INVITE" else b"")
    values = {"kind": raw.transport, "port": raw.end.local[1], "branch": os.urandom(6).hex(),
              "method": method}
    lines = [first or f"{method} {uri} {version}"]
    for name, value in BASE.items():
        if name in drop:
            continue
        value = change.get(name.replace("-", "_"), value)
        lines.append(f"{name}: {value}".format(**values))
    lines += list(extra)
    if body:
        lines.append("Content-Type: application/sdp")
    if "Content-Length" not in drop:
        lines.append("Content-Length: " + change.get("Content_Length", str(len(body))))
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


# (headers to leave out, headers to change, extra lines, the header that the reason names)
BROKEN = [
    (["From"], {}, [], "From"),
    (["To"], {}, [], "To"),
    (["Call-ID"], {}, [], "Call-ID"),
    (["CSeq"], {}, [], "CSeq"),
    ([], {"CSeq": "1 BYE"}, [], "CSeq"),
    ([], {"CSeq": "4294967296 INVITE"}, [], "CSeq"),
    ([], {"CSeq": "-1 INVITE"}, [], "CSeq"),
    ([], {"CSeq": "one INVITE"}, [], "CSeq"),
    ([], {"Max_Forwards": "seventy"}, [], "Max-Forwards"),
    ([], {"From": "<sip:a@b;tag=1"}, [], "From"),
    ([], {"From": "<sip:7789@example.test>;tag=1;tag=2"}, [], "From"),
    ([], {}, ["From: <sip:other@example.test>;tag=2"], "From"),
    ([], {}, ["Call-ID: twice"], "Call-ID"),
    ([], {}, ["CSeq: 2 INVITE"], "CSeq"),
    ([], {"To": "\"unclosed <sip:5000@example.test>"}, [], "To"),
    (["Contact"], {}, [], "Contact"),
    ([], {"Contact": "*"}, [], "Contact"),
    ([], {"Contact": "<sip:a@127.0.0.1>, <sip:b@127.0.0.1>"}, [], "Contact"),
    ([], {"Contact": "<sip:@127.0.0.1>"}, [], "Contact"),
    ([], {}, ["Session-Expires: soon", "Supported: timer"], "Session-Expires"),
]


@pytest.mark.parametrize("drop,change,extra,name", BROKEN,
                         ids=[f"{at}-{row[3]}" for at, row in enumerate(BROKEN)])
def test_a_broken_header_is_400_and_named(line, drop, change, extra, name):
    for transport in ("UDP", "TLS"):
        raw = line.raw(transport)
        raw.send(text(raw, drop=drop, extra=extra, **change))
        final = raw.await_status(400)
        assert name.lower() in final.reason.lower(), f"{final.start!r} does not name {name}"
        raw.close()


@pytest.mark.parametrize("transport", ANY)
def test_an_unknown_number_is_404(line, transport):
    raw = line.raw(transport)
    raw.send(text(raw, uri="sip:5999@127.0.0.1", To="<sip:5999@example.test>"))
    raw.await_status(404)


@pytest.mark.parametrize("uri,code", [
    ("sip:127.0.0.1", 484), ("sip:5000@elsewhere.test", 404)])
def test_a_target_that_is_nobody_or_not_ours(line, uri, code):
    line.phone("7789").call(None, uri=uri).await_refusal(code)


@pytest.mark.parametrize("method", ["PUBLISH", "SUBSCRIBE"])
def test_a_known_method_not_carried_is_405_with_allow(line, method):
    phone = line.phone("7789")
    final = phone.request(method, phone.server_uri("5000"), contact=phone.contact,
                          headers=[("Event", "presence")]).await_final(405)
    assert {"invite", "ack", "bye", "cancel", "options"} <= final.tokens("Allow")
    assert method.lower() not in final.tokens("Allow")


@pytest.mark.parametrize("method", ["FOO", "invite", "Register", "X"])
def test_an_unknown_method_is_501(line, method):
    phone = line.phone("7789")
    phone.request(method, phone.server_uri("5000")).await_final(501)


@pytest.mark.parametrize("transport", ["TCP", "TLS"])
def test_a_huge_body_is_413(line, transport):
    raw = line.raw(transport)
    raw.send(text(raw, body=b"v" * 400000))
    raw.await_status(413)


@pytest.mark.parametrize("transport", ANY)
def test_a_long_uri_is_414(line, transport):
    raw = line.raw(transport)
    raw.send(text(raw, uri=f"sip:{'5' * 5000}@127.0.0.1"))
    raw.await_status(414)


@pytest.mark.parametrize("uri", ["tel:5000", "http://example.test/", "nobody:5000@127.0.0.1"])
def test_another_scheme_is_416(line, uri):
    raw = line.raw()
    raw.send(text(raw, uri=uri))
    raw.await_status(416)


@pytest.mark.parametrize("require,want", [("foo", {"foo"}), ("timer, foo, bar", {"foo", "bar"})])
def test_an_unknown_extension_is_420(line, require, want):
    phone = line.phone("7789")
    final = phone.call("5000", headers=[("Require", require)]).await_refusal(420)
    assert final.tokens("Unsupported") == want


@pytest.mark.parametrize("method", ["BYE", "INFO", "UPDATE", "INVITE", "REFER", "NOTIFY", "PRACK",
                                    "MESSAGE"])
def test_a_dialog_that_is_not_there_is_481(line, method):
    phone = line.phone("7789")
    more = {"body": sdp()} if method == "INVITE" else {}
    extra = {"REFER": [("Refer-To", "<sip:1@127.0.0.1>")], "PRACK": [("RAck", "1 1 INVITE")],
             "NOTIFY": [("Event", "refer"), ("Subscription-State", "active")]}.get(method, [])
    phone.request(method, phone.server_uri("5000"), to="<sip:5000@example.test>;tag=none",
                  contact=phone.contact, headers=extra, **more).await_final(481)


def test_a_cancel_of_nothing_is_481(line):
    phone = line.phone("7789")
    phone.request("CANCEL", phone.server_uri("5000")).await_final(481)


def test_an_ack_of_nothing_is_dropped(line):
    raw = line.raw()
    raw.send(text(raw, "ACK", To="<sip:5000@example.test>;tag=none"))
    raw.send(text(raw, "OPTIONS"))
    assert raw.await_status(200).get("CSeq") == "1 OPTIONS"
    assert len(raw.answers()) == 1


def test_a_response_to_nothing_is_dropped(line):
    raw = line.raw()
    for status in ("200 OK", "180 Ringing", "486 Busy Here"):
        raw.send(text(raw, first=f"SIP/2.0 {status}"))
    raw.send(text(raw, "OPTIONS"))
    raw.await_status(200)
    assert len(raw.answers()) == 1


@pytest.mark.parametrize("method,code", [("INVITE", 483)])
def test_no_hops_left_is_483(line, method, code):
    raw = line.raw()
    raw.send(text(raw, method, Max_Forwards="0"))
    raw.await_status(code)


@pytest.mark.parametrize("version", ["SIP/3.0", "SIP/7.0", "SIP/2.1"])
@pytest.mark.parametrize("transport", ["UDP", "TCP"])
def test_another_version_is_505(line, transport, version):
    raw = line.raw(transport)
    raw.send(text(raw, version=version))
    raw.await_status(505)


@pytest.mark.parametrize("filler", [
    ["X-Long: " + "x" * 200000], [f"X-{n}: {n}" for n in range(8000)]], ids=["long", "many"])
@pytest.mark.parametrize("transport", ["TCP", "TLS"])
def test_too_much_header_is_513(line, transport, filler):
    raw = line.raw(transport)
    raw.send(text(raw, extra=filler))
    raw.await_status(513)


@pytest.mark.parametrize("drop,change", [
    (["Content-Length"], {}), ([], {"Content_Length": "abc"}), ([], {"Content_Length": "-1"}),
    ([], {"Content_Length": "99999999999999999999"})])
@pytest.mark.parametrize("transport", ["TCP", "TLS"])
# rows: R3261-18.3-a
def test_a_framing_fault_closes_after_the_answer(line, transport, drop, change):
    raw = line.raw(transport)
    raw.send(text(raw, "OPTIONS", drop=drop, **change))
    raw.await_close()
    assert [m.status for m in raw.answers()] in ([400], [413], [513])


def test_two_content_lengths_that_differ(line):
    raw = line.raw("TCP")
    raw.send(text(raw, "OPTIONS", extra=["Content-Length: 5"]))
    raw.await_close()
    assert [m.status for m in raw.answers()] == [400]


def test_a_good_connection_lives_through_a_bad_message(line):
    """What is bad but well framed does not cost the connection."""
    raw = line.raw("TCP")
    raw.send(text(raw, "OPTIONS", drop=["Call-ID"]))
    raw.await_status(400)
    raw.send(text(raw, "OPTIONS"))
    line.loop.wait("the second answer", lambda: len(raw.answers()) == 2)
    assert raw.answers()[1].status == 200 and not raw.end.closed


def test_a_datagram_shorter_than_it_says_is_400(line):
    raw = line.raw()
    raw.send(text(raw, Content_Length="5000"))
    raw.await_status(400)


def test_a_datagram_longer_than_it_says_loses_the_rest(line):
    raw = line.raw()
    raw.send(text(raw, "OPTIONS") + b"and more")
    raw.await_status(200)


def test_garbage_gets_nothing(line):
    raw = line.raw()
    for data in (b"\0" * 64, os.urandom(300), b"\r\n", b"INVITE\r\n\r\n", b"GET / HTTP/1.1\r\n\r\n",
                 b"SIP/2.0\r\n\r\n", b":\r\n\r\n"):
        raw.send(data)
    raw.send(text(raw, "OPTIONS"))
    raw.await_status(200)
    assert all(m.status in (200, 400) for m in raw.answers())


@pytest.mark.parametrize("data", [b"OPTIONS sips:127.0.0.1 SIP/2.0\r\n\r\n", b"\r\n\r\n" * 10,
                                  os.urandom(2000)], ids=["sip", "crlf", "noise"])
# rows: N-robust
def test_plain_octets_on_the_tls_port_are_closed_in_silence(line, data):
    class Quiet:
        is_raw = True
    end = dial(line.loop, Quiet(), line.ports["TLS"])
    line.loop.wait("a connection", lambda: end.open)
    end.send(data)
    line.loop.wait("the end of the connection", lambda: end.closed, 15)
    assert end.raw_count == 0, f"answered {end.raw_in!r}"


# rows: N-robust
def test_a_half_open_handshake_ends(line):
    """A ClientHello's first octets, and then silence: the deadline closes it."""
    class Quiet:
        is_raw = True
    end = dial(line.loop, Quiet(), line.ports["TLS"])
    line.loop.wait("a connection", lambda: end.open)
    end.send(b"\x16\x03\x01\x02\x00\x01")
    line.loop.wait("the end of the connection", lambda: end.closed, 15)


@pytest.mark.parametrize("transport", ["TCP", "TLS"])
def test_any_split_of_the_stream(line, transport):
    """Two requests in one go, and octet by octet, with keep-alives between them."""
    raw = line.raw(transport)
    raw.send(b"\r\n\r\n" + text(raw, "OPTIONS") + b"\r\n\r\n" + text(raw, "OPTIONS"))
    line.loop.wait("two answers", lambda: len(raw.answers()) == 2)
    for letter in text(raw, "OPTIONS", To="<sip:127.0.0.1>"):
        raw.send(bytes([letter]))
        line.loop.turn(0)
    line.loop.wait("the third answer", lambda: len(raw.answers()) == 3)
    assert {m.status for m in raw.answers()} == {200}


@pytest.mark.parametrize("transport", ["TCP", "TLS"])
# rows: R5626-5.4-a
def test_a_double_crlf_is_answered_by_one(line, transport):
    raw = line.raw(transport)
    raw.send(b"\r\n\r\n")
    line.loop.wait("a pong", lambda: raw.end.plain_in == b"\r\n", 2)


def test_odd_but_good_messages_pass(line):
    """Compact forms, folding, white space, a To without brackets: all are legal."""
    raw = line.raw()
    data = text(raw, "OPTIONS", drop=["From", "To", "Contact", "Max-Forwards"],
                To="sip:5000@127.0.0.1", extra=[
                    "f  : \"a\\\"b\"\r\n <sip:7789@example.test> ;tag=1",
                    "t:sip:127.0.0.1", "mAx-forWARDS:\t 0070", "X-Foo: ;;,"])
    raw.send(re.sub(rb"Via: SIP/2.0/UDP", rb"v: SIP / 2.0\r\n\t/ UDP", data))
    final = raw.await_status(200)
    assert final.get("To").startswith("sip:127.0.0.1")


def test_an_own_options_names_what_we_do(line):
    final = line.phone("7789").options()
    for name in ("Allow", "Accept", "Supported"):
        assert final.has(name), f"no {name} in\n{final}"
    assert "application/sdp" in final.tokens("Accept")
