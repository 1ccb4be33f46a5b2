# SPDX-License-Identifier: Apache-2.0
"""Registrations: bindings, their order and expiry, the rules of sips, and the way back."""
import socket

import pytest

from kit import rules

DN = {"number": "5000", "type": "extension", "contact": "*"}


@pytest.fixture(scope="module")
def server(shared_bench):
    """A server with a self-registered 5000; gives a function for phones of that number."""
    shared_bench.start([DN])
    shared_bench.number = lambda transport="UDP", scheme=None, **more: shared_bench.phone(
        "5000", transport, scheme, **more)
    return shared_bench


@pytest.fixture
def desk(request, server):
    """That server, with no binding left by the test before."""
    request.node.bench = server
    with server.guests():
        yield server
        server.number().register(0, contact="*")
        assert server.server.counters()["bindings"] == 0


def contacts(response):
    return response.values("Contact")


def fetch(phone, **more):
    """The bindings, asked for without a Contact."""
    return contacts(phone.register(expires=None, contact="", **more))


def uri_in(value):
    return value.partition("<")[2].partition(">")[0]


@pytest.mark.parametrize("transport,scheme", [("UDP", "sip"), ("TCP", "sip"), ("TLS", "sip"),
                                              ("TLS", "sips")])
# rows: R5626-7-a R5630-5.1.1.1-f
def test_register_and_be_called_on_the_same_flow(desk, transport, scheme):
    phone = desk.number(transport, scheme)
    final = phone.register(600)
    assert [uri_in(value) for value in contacts(final)] == [phone.contact.strip("<>")]
    assert "expires=600" in contacts(final)[0]
    desk.server.await_counters(bindings=1)
    caller = desk.phone("7789")
    call, seen = desk.talk(caller, phone)
    assert seen.invite.end is phone.end
    desk.hang_up(seen, call)
    rules.check_leg(phone, desk.tls_ports)
    rules.check_leg(caller, desk.tls_ports)
    phone.register(0)
    desk.server.await_counters(bindings=0)
    desk.server.await_idle()


def test_udp_with_rport_answers_and_calls_the_source(desk):
    """The Via and the Contact name a port where nobody listens; only the source is right."""
    phone = desk.number()
    host, port = phone.local
    message = phone.build("REGISTER", "sip:example.test", to="<sip:5000@example.test>",
                          contact=f"<sip:5000@{host}:9>", headers=[("Expires", "600")])
    message.headers[0] = ("Via", f"SIP/2.0/UDP {host}:9;branch=z9hG4bKodd1;rport")
    tx = phone.transact(message)
    via = tx.await_final(200).via
    assert via.params["rport"] == str(port) and via.params["received"] == host
    caller = desk.phone("7789")
    call = caller.call("5000")
    seen = phone.await_call()
    assert seen.invite.uri == f"sip:5000@{host}:9"
    seen.refuse(486)
    call.await_refusal(486)


def test_without_rport_the_answer_goes_to_the_sent_by_port(desk):
    phone, other = desk.number(), desk.number()
    message = phone.build("OPTIONS", phone.server_uri())
    host, port = other.local
    message.headers[0] = ("Via", f"SIP/2.0/UDP {host}:{port};branch=z9hG4bKport1")
    phone.send(message)
    desk.loop.wait("the answer at the other port", lambda: other.strays)
    assert other.strays[0].status == 200 and "rport" not in other.strays[0].via.params


# rows: R3261-18.2.1-a
def test_a_name_in_via_gets_received(desk):
    phone = desk.number()
    message = phone.build("OPTIONS", phone.server_uri())
    message.headers[0] = ("Via", f"SIP/2.0/UDP phone.example.test:{phone.local[1]}"
                                 ";branch=z9hG4bKname1")
    final = phone.transact(message).await_final(200)
    assert final.via.params["received"] == "127.0.0.1"


def test_refresh_query_and_remove(desk):
    phone = desk.number("TCP")
    assert fetch(phone) == []
    phone.register(600)
    again = phone.register(1200)
    assert len(contacts(again)) == 1 and "expires=1200" in contacts(again)[0]
    assert len(fetch(phone)) == 1
    assert contacts(phone.register(0)) == []
    assert fetch(phone) == []


def test_expires_of_the_contact_goes_first(desk):
    phone = desk.number()
    final = phone.register(3600, contact=phone.contact + ";expires=120")
    assert "expires=120" in contacts(final)[0]
    final = phone.register(None, contact=phone.contact + ";expires=abc")
    assert "expires=" in contacts(final)[0]


# rows: R3261-10.3-a
def test_two_contacts_and_the_star(desk):
    phone = desk.number()
    host, port = phone.local
    phone.register(600, contact=f"<sip:5000@{host}:{port}>, <sip:5000@127.0.0.3:{port}>")
    assert len(fetch(phone)) == 2
    phone.register(None, contact="*", code=400)
    phone.register(60, contact="*", code=400)
    phone.register(0, contact=f"*, {phone.contact}", code=400)
    assert len(fetch(phone)) == 2
    assert contacts(phone.register(0, contact="*")) == []
    assert fetch(phone) == []


# rows: R3261-10.3-f
def test_too_short_is_423(desk):
    phone = desk.number()
    final = phone.register(1, code=423)
    assert int(final.get("Min-Expires")) > 1
    phone.register(int(final.get("Min-Expires")))
    phone.register(3600)
    phone.register(0)


def test_cseq_must_grow_within_a_call_id(desk):
    phone = desk.number()
    phone.register(600, cseq=10)
    final = phone.register(0, cseq=9, code=None)
    assert final.status in (400, 500)
    assert len(fetch(phone, cseq=11)) == 1
    phone.register(0, cseq=1, call_id="another-call-id")
    assert fetch(phone, cseq=12) == []


def test_a_repeated_register_has_one_effect_and_one_answer(desk):
    phone = desk.number()
    tx = phone.request("REGISTER", "sip:example.test", to=f"<{phone.aor}>", contact=phone.contact,
                       headers=[("Expires", "600")])
    first = tx.await_final(200)
    phone.send(tx.request)
    desk.loop.wait("the repeat's answer", lambda: len(tx.responses) > 1)
    assert tx.responses[1].encode() == first.encode()


# rows: R5626-7-b X-any-none-perleg R3261-16.5-a
def test_the_flow_is_the_way_back_until_it_closes(desk):
    phone = desk.number("TLS")
    phone.register(600)
    desk.server.await_counters(bindings=1)
    phone.end.close()
    desk.server.await_counters(bindings=0)
    caller = desk.phone("7789")
    final = caller.call("5000").await_refusal(480)
    assert not final.has("Warning")


def test_a_removed_binding_is_480(desk):
    phone = desk.number("TLS")
    caller = desk.phone("7789")
    caller.call("5000").await_refusal(480)
    phone.register(600)
    call = caller.call("5000")
    phone.await_call().refuse(486)
    call.await_refusal(486)
    phone.register(0)
    caller.call("5000").await_refusal(480)


# ---- the rules of sips -------------------------------------------------------------------


# rows: R5630-5.2-b
def test_sips_contact_needs_a_sips_request_uri(desk):
    phone = desk.number("TLS", "sips")
    phone.register(600, uri="sip:example.test", code=400)
    assert fetch(phone) == []


# rows: R5630-5.2-c R5630-4.1-a R5630-5.2-a
def test_from_and_to_are_not_part_of_that_check(desk):
    phone = desk.number("TLS", "sips")
    phone.register(600, to="<sip:5000@example.test>")
    assert len(fetch(phone)) == 1
    assert fetch(phone, to="<sip:5000@example.test>") == fetch(phone)


# rows: R5630-5.2-d
def test_mixed_contacts_are_refused_as_a_whole(desk):
    phone = desk.number("TLS", "sips")
    host, port = phone.local
    phone.register(600, contact=f"{phone.contact}, <sip:5000@{host}:{port + 1}>", code=400)
    phone.register(600, contact=f"{phone.contact}, <tel:5000>", code=400)
    assert fetch(phone) == []


def test_a_path_that_is_not_sips(desk):
    phone = desk.number("TLS", "sips")
    final = phone.register(600, code=None, headers=[("Path", "<sip:edge.example.test;lr>"),
                                                    ("Supported", "path")])
    assert final.status in (400, 420)
    assert fetch(phone) == []


@pytest.mark.parametrize("transport", ["UDP", "TCP"])
# rows: R5630-5.2-e
def test_sips_register_without_tls_is_400(desk, transport):
    phone = desk.number(transport)
    phone.register(600, uri="sips:example.test", to="<sips:5000@example.test>",
                   contact=f"<sips:5000@127.0.0.1:{phone.local[1]}>", code=400)
    assert fetch(phone) == []


# rows: R3261-19.1.1-b
def test_a_sips_contact_with_udp_is_400(desk):
    phone = desk.number("TLS", "sips")
    phone.register(600, contact="<sips:5000@127.0.0.1;transport=udp>", code=400)
    assert fetch(phone) == []


def test_a_sips_register_with_a_sip_contact_is_a_sip_binding(desk):
    phone = desk.number("TLS", "sips")
    phone.register(600, contact=f"<sip:5000@127.0.0.1:{phone.local[1]}>")
    caller = desk.phone("7789")
    call = caller.call("5000")
    seen = phone.await_call()
    assert seen.invite.uri.startswith("sip:") and seen.invite.end is phone.end
    assert seen.invite.address("Contact").uri.scheme == "sip"
    seen.refuse(486)
    call.await_refusal(486)


# rows: R5630-5.1.1.1-d R5630-5.1.1.1-e S12
def test_the_later_scheme_replaces_the_earlier(desk):
    phone = desk.number("TLS", "sips")
    host, port = phone.local
    forms = {"sips": f"<sips:5000@{host}:{port}>", "sip": f"<sip:5000@{host}:{port}>"}
    caller = desk.phone("7789")
    for scheme in ("sip", "sips", "sip"):
        bindings = contacts(phone.register(600, contact=forms[scheme]))
        assert [uri_in(value) for value in bindings] == [forms[scheme].strip("<>")]
        call = caller.call("5000")
        seen = phone.await_call()
        assert seen.invite.uri.startswith(scheme + ":")
        seen.refuse(486)
        call.await_refusal(486)
    assert contacts(phone.register(0, contact=forms["sips"])) == []


# rows: S13 SEED-REG
def test_transport_is_shown_as_sent_and_not_used(desk):
    """tcp, tls, none: one binding; the 200 shows the last as it was written."""
    phone = desk.number("TLS", "sips")
    host, port = phone.local
    for parameter in (";transport=tcp", "", ";transport=TLS"):
        contact = f"<sips:5000@{host}:{port}{parameter}>"
        bindings = contacts(phone.register(600, contact=contact))
        assert [uri_in(value) for value in bindings] == [contact.strip("<>")]
    caller = desk.phone("7789")
    call = caller.call("5000")
    seen = phone.await_call()
    assert "transport" not in seen.invite.uri.lower()
    seen.refuse(486)
    call.await_refusal(486)
    rules.check_sips_leg(phone, desk.tls_ports)


# rows: R3261-19.1.4-b
def test_user_names_differ_by_case_and_hosts_do_not(desk):
    phone = desk.number()
    port = phone.local[1]
    for user, host, count in (("Bob", "Host.test", 1), ("Bob", "hOST.TEST", 1),
                              ("bob", "host.test", 2)):
        assert len(contacts(phone.register(
            600, contact=f"<sip:{user}@{host}:{port}>"))) == count


def test_an_address_of_the_server_is_not_a_contact(desk):
    phone = desk.number("TLS", "sips")
    host, port = desk.ports["TLS"]
    final = phone.register(600, contact=f"<sips:5000@{host}:{port}>", code=None)
    assert final.status in (400, 403)
    assert fetch(phone) == []


# ---- who may register --------------------------------------------------------------------


def test_an_unknown_number_is_404(desk):
    phone = desk.phone("5999")
    phone.register(600, code=404)


def test_another_domain_is_404(desk):
    phone = desk.number(domain="elsewhere.test")
    phone.register(600, code=404)


# rows: R3261-10.3-e
def test_a_to_that_is_not_sip_is_400(desk):
    phone = desk.number()
    message = phone.build("REGISTER", "sip:example.test", contact=phone.contact)
    data = message.encode().replace(b"To: <sip:example.test>", b"To: <http://5000>")
    # Not through the phone: it takes no answer whose To is no SIP URI.
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as plain:
        plain.settimeout(5)
        plain.sendto(data.replace(b";branch=", b";rport;branch=", 1), phone.server)
        assert plain.recv(65536).startswith(b"SIP/2.0 400 ")


# rows: S15
def test_a_dn_with_a_fixed_contact_does_not_register(bench):
    device, entry = bench.device("5000", "sip")
    bench.start([entry])
    bench.phone("5000").register(600, code=403)
    caller = bench.phone("7789")
    call = caller.call("5000")
    device.await_call().refuse(486)
    call.await_refusal(486)


# rows: R3261-10.3-c
def test_the_address_of_record_is_canonical(desk):
    """Escapes, host case and parameters of To make no difference."""
    phone = desk.number()
    phone.register(600)
    assert len(fetch(phone, to="<sip:%35000@EXAMPLE.test;user=phone>")) == 1


def test_the_answer_carries_a_date(desk):
    assert desk.number().register(600).get("Date").endswith("GMT")
