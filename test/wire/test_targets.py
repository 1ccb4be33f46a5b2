# SPDX-License-Identifier: Apache-2.0
"""Where a leg goes: what a contact says, and that a sips leg never leaves in clear."""
import socket

import pytest

from kit import rules
from kit.call import sdp
from kit.wire import Deaf, UdpEnd

CLIENT_HELLO = 0x16


def entry(contact, **more):
    return {"number": 6001, "type": "acd-position", "contact": contact, **more}


@pytest.fixture
def device(bench):
    """A TLS device at the default port of 127.0.0.2; nothing may come to 5060 there."""
    peer = bench.peer("6001", "TLS", "sips", "127.0.0.2", 5061)
    peer.clear = Deaf(bench.loop, "127.0.0.2", 5060)
    return peer


@pytest.mark.parametrize("parameter", ["", ";transport=tcp", ";transport=tls", ";transport=TCP",
                                       ";transport=TLS"])
# rows: R3261-26.2.2-a R3261-19.1.1-c S5 S9
def test_sips_is_tls_whatever_its_transport_says(bench, device, parameter):
    bench.start([entry(f"sips:127.0.0.2{parameter}")])
    caller = bench.phone("7789")
    call, seen = bench.talk(caller, device, "6001")
    assert [end.raw_in[0] for end in device.listener.ends] == [CLIENT_HELLO]
    assert seen.invite.uri.startswith("sips:6001@127.0.0.2")
    bench.hang_up(seen, call)
    bench.check_legs(caller, device)
    assert not device.clear.heard(), "octets in clear at port 5060"
    bench.server.await_idle()


# rows: R3261-16.6-6 R5630-5.1.1-d
@pytest.mark.parametrize("proxy", ["127.0.0.2", "sip:127.0.0.2;transport=tcp", "sips:127.0.0.2"])
def test_an_outbound_proxy_of_a_sips_trunk_is_reached_over_tls(bench, device, proxy):
    trunk = {"number": "east", "type": "trunk", "prefix": 6, "contact": "sips:east.invalid",
             "outbound-proxy": proxy}
    bench.start([trunk], strangers="all")
    caller = bench.phone("7789")
    call, seen = bench.talk(caller, device, "6001")
    assert [end.raw_in[0] for end in device.listener.ends] == [CLIENT_HELLO]
    assert seen.invite.uri == "sips:6001@east.invalid"
    assert seen.invite.get("Route") == "<sips:127.0.0.2;lr>"
    bench.hang_up(seen, call)
    bench.check_legs(caller, device)
    assert not device.clear.heard(), "octets in clear at port 5060"
    bench.server.await_idle()


# rows: R3261-19.1.1-d
def test_an_explicit_port_wins(bench):
    device = bench.peer("6001", "TLS", "sips", "127.0.0.2", 5060)
    bench.start([entry("sips:127.0.0.2:5060")])
    caller = bench.phone("7789")
    call, seen = bench.talk(caller, device, "6001")
    assert device.listener.ends[0].raw_in[0] == CLIENT_HELLO
    bench.hang_up(call, seen)
    bench.check_legs(caller, device)


# rows: R3261-8.1.2-a R5630-5.1.1-a X-result-tlsfail-told X-result-tlsfail-never
def test_sips_that_cannot_be_reached_is_never_tried_in_clear(bench):
    clear = Deaf(bench.loop, "127.0.0.2", 5060)
    bench.start([entry("sips:127.0.0.2;transport=tcp")])
    final = bench.phone("7789").call("6001").tx.await_final(seconds=10)
    assert final.status in (480, 500), final
    bench.alive()
    assert not clear.heard(), "a sips leg was tried in clear"
    bench.server.await_idle()


def test_a_device_that_speaks_no_tls_gets_no_sip(bench):
    """The port answers plain TCP: it sees a ClientHello, and nothing after it."""
    deaf = Deaf(bench.loop, "127.0.0.2", 5061)
    bench.start([entry("sips:127.0.0.2")])
    call = bench.phone("7789").call("6001")
    ends = deaf.connections.ends
    bench.loop.wait("a connection", lambda: ends and ends[0].raw_count)
    assert ends[0].raw_in[0] == CLIENT_HELLO
    ends[0].close()
    assert call.tx.await_final(seconds=10).status in (480, 500)
    assert b"SIP/2.0" not in ends[0].raw_in and not deaf.datagrams.datagrams


# rows: R5630-5.1.1.2-a
def test_sip_with_transport_tls(bench, shop):
    """TLS with the scheme sip: a ClientHello, no sips anywhere, and the BYE comes back."""
    device = bench.peer("6001", "TLS", "sip", "127.0.0.2", 5061)
    clear = Deaf(bench.loop, "127.0.0.2", 5060)
    bench.start([entry("sip:127.0.0.2;transport=tls")])
    caller = bench.phone("7789")
    call, seen = bench.talk(caller, device, "6001")
    assert device.listener.ends[0].raw_in[0] == CLIENT_HELLO
    contact = seen.invite.address("Contact").uri
    assert contact.scheme == "sip" and contact.params["transport"].lower() == "tls"
    assert contact.port == bench.ports["TLS"][1]
    bench.hang_up(seen, call)
    rules.check_sip_leg(device, "TLS")
    assert not clear.heard()
    bench.server.await_idle()


# rows: S16 X-sips-tls-perleg
def test_a_sips_caller_and_a_sip_tls_device(bench):
    """The media server case: TLS on both legs, the scheme sips on one."""
    device = bench.peer("6001", "TLS", "sip", "127.0.0.2", 5061)
    bench.start([entry("sip:127.0.0.2;transport=tls")])
    caller = bench.phone("7789", "TLS")
    call, seen = bench.talk(caller, device, "6001")
    bench.hang_up(seen, call)
    bench.check_legs(caller, device)


def test_the_number_in_a_contact_is_the_user(bench, device):
    bench.start([entry("sips:4711@127.0.0.2;transport=tls")])
    caller = bench.phone("7789", "TLS")
    call, seen = bench.talk(caller, device, "6001")
    assert seen.invite.uri.startswith("sips:4711@127.0.0.2")
    bench.hang_up(call, seen)


# rows: R3261-18.1.1-d
def test_two_calls_share_one_connection(bench, device):
    bench.start([entry("sips:127.0.0.2")])
    caller = bench.phone("7789")
    first = bench.talk(caller, device, "6001")
    second = bench.talk(caller, device, "6001")
    assert len(device.listener.ends) == 1
    bench.hang_up(*first)
    bench.hang_up(*second)


# rows: R5923-8.3
def test_a_closed_connection_is_dialled_again(bench, device):
    """The next call of a device that hung up its TLS opens a new connection."""
    bench.start([entry("sips:127.0.0.2")])
    caller = bench.phone("7789")
    bench.hang_up(*bench.talk(caller, device, "6001"))
    flows = bench.server.counters()["flows"]
    device.listener.ends[0].close()
    bench.server.await_counters(flows=flows - 1)
    bench.hang_up(*bench.talk(caller, device, "6001"))
    assert len(device.listener.ends) == 2


@pytest.mark.parametrize("kind", ["extension", "acd-position", "trunk", "voip-service"])
# rows: S10
def test_sips_works_on_each_type_of_dn(bench, device, kind):
    more = {"service-type": "softswitch"} if kind == "voip-service" else {}
    bench.start([{"number": "6001", "type": kind, "contact": "sips:127.0.0.2;transport=tls",
                  **more}], strangers="all")
    caller = bench.phone("7789", "TLS")
    call, seen = bench.talk(caller, device, "6001")
    bench.hang_up(call, seen)
    bench.check_legs(caller, device)


# rows: R3261-19.1.1-a
def test_an_upper_case_scheme_is_the_same_scheme(bench):
    caller, device = bench.line("sips", "sip")
    host, port = bench.ports["TLS"]
    call = caller.call("5000", uri=f"SIPS:5000@{host}:{port}")
    device.await_call().refuse(486)
    call.await_refusal(486)


@pytest.mark.parametrize("transport", ["UDP", "TCP"])
# rows: R5630-3.2-a X-clear-any-perleg
def test_sips_that_did_not_come_over_tls_is_refused(bench, transport):
    caller, device = bench.line("sip", "sip", a_transport=transport)
    host, port = bench.ports["TLS"]
    call = caller.call("5000", uri=f"sips:5000@{host}:{port}", contact="<sips:7789@127.0.0.1>")
    call.await_refusal(400)
    caller.options()
    assert not device.received("INVITE")


@pytest.mark.parametrize("parameter,contact", [
    (";transport=udp", None), (";transport=UDP", None), ("", "<sip:7789@127.0.0.1>"),
    (";transport=tcp;transport=tls", None)])
# rows: R3261-19.1.1-b R3261-19.1.1-f R5630-5.1.2-d X-mixed-any-perleg
def test_a_sips_request_that_contradicts_itself_is_refused(bench, parameter, contact):
    caller, device = bench.line("sips", "sip")
    call = caller.call("5000", uri=caller.server_uri("5000") + parameter, contact=contact,
                       to=f"<{caller.server_uri('5000')}>")
    call.await_refusal(400)
    caller.options()
    assert not device.received("INVITE")


# rows: R5630-3.1.4-a R5630-3.1.4-b
def test_an_echoed_transport_tls_is_not_emitted(bench):
    """The request's spelling comes back in the Contact, but never transport=tls."""
    caller, device = bench.line("sips", "sip")
    call = caller.call("5000", uri=caller.server_uri("5000") + ";transport=tls")
    seen = device.await_call()
    seen.answer(ack=False)
    contact = call.await_answer().address("Contact").uri
    assert contact.scheme == "sips"
    assert (contact.params.get("transport") or "tcp").lower() == "tcp"
    seen.await_ack()
    bench.hang_up(seen, call)
    bench.check_legs(caller, device)


# rows: S9
def test_emit_transport_tls_is_for_the_dn_that_asks_for_it(bench):
    """Our Contacts say it to that DN in either role, and to its partner never, as the tap sees."""
    caller, device = bench.line("sips", "sips", [
        {"number": "7789", "type": "extension", "contact": "*", "emit-transport-tls": "yes"}])
    caller.register()
    other = bench.phone("7790", "TLS")
    call, seen = bench.talk(caller, device)
    assert call.answered.address("Contact").uri.params.get("transport") == "tls"
    call.hold(seen)
    call.await_heard()
    seen.resume(call)
    bench.hang_up(seen, call)
    call, seen = bench.talk(other, caller, "7789")
    assert seen.invite.address("Contact").uri.params.get("transport") == "tls"
    bench.hang_up(seen, call)
    for phone in (caller, device, other):
        rules.check_leg(phone, bench.tls_ports)


def test_a_route_set_is_kept_as_it_was_made(bench):
    """Even transport=tls stays in it: its URIs are not ours to change."""
    caller, device = bench.line("sips", "sips")
    host, port = device.local
    route = f"<sips:{host}:{port};transport=tls;lr>"
    call = caller.call("5000")
    seen = device.await_call()
    device.respond(seen.invite, 200, to_tag=seen.local_tag, contact=device.contact,
                   body=sdp(port=42000), headers=[("Record-Route", route)])
    call.await_answer()
    assert seen.await_ack().values("Route") == [route]
    bye = call.request("BYE")
    assert seen.await_bye().values("Route") == [route]
    bye.await_final(200)
    bench.check_legs(caller, device)


# rows: R3261-12.2.1.1-c X-result-sipcontact-never
def test_a_sip_contact_on_a_sips_leg_keeps_the_flow(bench, device):
    """The device answers with a plain Contact: ACK and BYE stay on the TLS connection."""
    bench.start([entry("sips:127.0.0.2")])
    caller = bench.phone("7789")
    call = caller.call("6001")
    seen = device.await_call()
    seen.answer(ack=False, contact="<sip:6001@127.0.0.2:5060>")
    final = call.tx.await_final()
    if final.status == 200:
        call.await_answer()
        seen.await_ack()
        bye = call.request("BYE")
        seen.await_bye()
        bye.await_final(200)
    bench.server.await_idle()
    assert not device.clear.heard(), "a request of a sips leg in clear"
    assert len(device.listener.ends) == 1


# rows: R3261-8.1.2-a
def test_a_lost_connection_is_never_replaced_in_clear(bench):
    """The sips caller is gone; what is still due on its leg is tried over TLS or not at all."""
    caller, device = bench.line("sips", "sip")
    clear = Deaf(bench.loop, "127.0.0.2", 5060)
    call, seen = bench.talk(caller, device, contact="<sips:7789@127.0.0.2:5060;transport=tcp>")
    caller.end.close()
    bye = seen.request("BYE")
    bye.await_final(200)
    bench.server.await_idle()
    assert not clear.datagrams.datagrams
    assert all(end.raw_in[:1] in (b"", b"\x16") for end in clear.connections.ends)
    assert call.answered.status == 200


def test_a_large_request_does_not_go_over_udp(bench):
    """Beyond 1,300 octets a device that left the transport open is called over TCP."""
    device = bench.peer("5000", "TCP")
    deaf = UdpEnd(bench.loop, device, *device.local)
    bench.start([{"number": "5000", "type": "extension",
                  "contact": f"sip:127.0.0.1:{device.local[1]}"}])
    caller = bench.phone("7789", "TCP")
    call = caller.call("5000", body=sdp(length=2000))
    seen = device.await_call()
    assert seen.invite.via.transport == "TCP" and not deaf.datagrams
    seen.refuse(486)
    call.await_refusal(486)


def test_a_wildcard_listener_shows_the_address_that_was_called(bench, shop):
    device, entry = bench.device("5000", "sip")
    listen = [uri.replace("127.0.0.1", "0.0.0.0") for uri in bench.ports_for()]
    bench.start([entry], listen=listen)
    for transport in ("UDP", "TCP", "TLS"):
        caller = bench.phone("7789", transport)
        call, seen = bench.talk(caller, device)
        for message in (call.answered, seen.invite):
            assert message.address("Contact").uri.host == "127.0.0.1"
        bench.hang_up(seen, call)
        bench.check_legs(caller, device)


def test_an_advertised_address_is_our_contact(bench, shop):
    """Toward a device, Contact and Via name what the configuration says of the listener."""
    device, entry = bench.device("5000", "sip")
    text = bench.text([entry])
    host, port = bench.ports["UDP"]
    uri = f"sip:{host}:{port};transport=udp"
    text = text.replace(f'"{uri}"',
                        f'{{ uri: "{uri}", advertise: "sip.example.test:{port}" }}')
    bench.start_text(text)
    call = bench.phone("7789").call("5000")
    seen = device.await_call()
    contact = seen.invite.address("Contact").uri
    assert (contact.host, contact.port) == ("sip.example.test", port)
    device.reply_peer = lambda request, peer: peer
    seen.refuse(486)
    call.await_refusal(486)


@pytest.mark.parametrize("b_side", ["sip", "sips"])
def test_ipv6(bench, shop, b_side):
    """Both legs over ::1: brackets where they belong, and the address checked as one."""
    with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as probe:
        try:
            probe.bind(("::1", 0))
        except OSError as fault:
            pytest.skip(f"no IPv6 on this loopback: {fault}")
    device = bench.peer("5000", "TLS" if b_side == "sips" else "UDP", b_side, host="::1",
                        identity=shop.leaf("six", "IP:::1"))
    host, port = device.local
    bench.start([{"number": "5000", "type": "extension", "contact": f"{b_side}:{host}:{port}"}],
                listen=bench.ports_for("::1"), identity=shop.leaf("six", "IP:::1"))
    caller = bench.phone("7789", "TLS", host="::1")
    call, seen = bench.talk(caller, device)
    for message in (call.answered, seen.invite):
        assert message.address("Contact").uri.host == "[::1]"
    bench.hang_up(seen, call)
    bench.check_legs(caller, device)
    bench.server.await_idle()
