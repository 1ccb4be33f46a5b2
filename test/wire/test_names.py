# SPDX-License-Identifier: Apache-2.0
"""Contacts that are names: looked up at the resolver of the configuration, dnsmasq here."""
import re

import pytest

from kit.loop import free_port
from kit.wire import Deaf

NAME = "fly.example.test"


@pytest.mark.parametrize("transport", [";transport=tls", ";transport=tcp", ""])
# rows: R5922-7.3-a
def test_a_sips_name_is_dialled_and_checked(bench, shop, resolver, transport):
    """The certificate must name the name, not the address that it led to."""
    program, address = resolver(f"--host-record={NAME},127.0.0.2")
    device = bench.peer("east", "TLS", "sips", "127.0.0.2", 5061,
                        identity=shop.leaf("fly", f"DNS:{NAME}"))
    clear = Deaf(bench.loop, "127.0.0.2", 5060)
    bench.start([{"number": "east", "type": "trunk", "prefix": 9,
                  "contact": f"sips:{NAME}{transport}"}], resolver=address, strangers="all")
    caller = bench.phone("7789")
    call, seen = bench.talk(caller, device, "95")
    assert seen.invite.uri.startswith(f"sips:95@{NAME}")
    bench.hang_up(seen, call)
    bench.check_legs(caller, device)
    assert program.find(rf"query\[A\] {NAME}")
    assert not program.find(r"query\[\w+\] _sip\._(udp|tcp)"), "a plain service was looked up"
    assert not clear.heard()
    bench.server.await_idle()


# rows: R5922-7.3-a
def test_a_certificate_for_the_address_does_not_do_for_the_name(bench, shop, resolver):
    _program, address = resolver(f"--host-record={NAME},127.0.0.2")
    device = bench.peer("east", "TLS", "sips", "127.0.0.2", identity=shop.peer)
    bench.start([{"number": "6001", "type": "extension",
                  "contact": f"sips:{NAME}:{device.local[1]}"}], resolver=address)
    assert bench.phone("7789").call("6001").tx.await_final(seconds=10).status in (480, 500)
    assert all(end.plain_in == b"" for end in device.listener.ends)
    line = bench.server.await_line(r".*peer\.example\.test.*").group(0)
    assert NAME in line


# rows: R3263-4.2-a
def test_a_port_or_an_address_needs_no_services(bench, shop, resolver):
    """A name with a port is looked up for its addresses alone, an address not at all."""
    program, address = resolver(f"--host-record={NAME},127.0.0.2")
    named = bench.peer("6001", "TLS", "sips", "127.0.0.2",
                       identity=shop.leaf("fly", f"DNS:{NAME}"))
    literal = bench.peer("6002", "TLS", "sips", "127.0.0.3", identity=shop.peer)
    bench.start([{"number": "6001", "type": "extension",
                  "contact": f"sips:{NAME}:{named.local[1]}"},
                 {"number": "6002", "type": "extension",
                  "contact": f"sips:127.0.0.3:{literal.local[1]}"}], resolver=address)
    caller = bench.phone("7789")
    for number, device in (("6001", named), ("6002", literal)):
        call = caller.call(number)
        device.await_call().refuse(486)
        call.await_refusal(486)
    program.await_line(rf"query\[A\] {NAME}")
    assert not program.find(r"query\[(?!A\]|AAAA\])"), "more than addresses was asked for"
    assert not program.find(r"127\.0\.0\.3 from"), "an address was asked for"


def test_a_name_that_does_not_exist(bench, resolver):
    _program, address = resolver()
    bench.start([{"number": "6001", "type": "extension",
                  "contact": "sip:absent.example.test;transport=udp"}], resolver=address)
    caller = bench.phone("7789")
    assert caller.call("6001").tx.await_final(seconds=10).status in (404, 480, 500)
    bench.server.await_idle()


def test_a_plain_name_over_udp(bench, resolver):
    _program, address = resolver("--host-record=gw.example.test,127.0.0.3")
    device = bench.peer("6001", "UDP", host="127.0.0.3")
    bench.start([{"number": "6001", "type": "extension",
                  "contact": f"sip:gw.example.test:{device.local[1]};transport=udp"}],
                resolver=address)
    caller = bench.phone("7789")
    call, seen = bench.talk(caller, device, "6001")
    bench.hang_up(call, seen)
    bench.check_legs(caller, device)


# rows: R3263-4.3-a
def test_a_second_address_is_tried(bench, shop, resolver):
    """The first address refuses the connection, the next one answers."""
    _program, address = resolver(f"--host-record={NAME},127.0.0.2",
                                 f"--host-record={NAME},127.0.0.3")
    device = bench.peer("6001", "TLS", "sips", "127.0.0.3", free_port("127.0.0.3"),
                        identity=shop.leaf("fly", f"DNS:{NAME}"))
    bench.start([{"number": "6001", "type": "extension",
                  "contact": f"sips:{NAME}:{device.local[1]}"}], resolver=address)
    caller = bench.phone("7789")
    for _ in range(2):
        call = caller.call("6001")
        device.await_call(10).refuse(486)
        call.await_refusal(486)


def test_a_slow_lookup_holds_up_nobody(bench):
    """Nobody answers at the resolver: another call goes through at once."""
    silent = bench.peer("dns", "UDP")
    silent.is_raw = True
    device, entry = bench.device("5000", "sip")
    bench.start([entry, {"number": "6001", "type": "extension",
                         "contact": "sip:slow.example.test;transport=udp"}],
                resolver=f"127.0.0.1:{silent.local[1]}")
    caller = bench.phone("7789")
    slow = caller.call("6001")
    bench.loop.wait("the query", lambda: silent.end.datagrams)
    call, seen = bench.talk(caller, device)
    bench.hang_up(call, seen)
    assert not slow.tx.final
    slow.cancel()
    bench.server.await_idle(15)


SERVICES = {
    "SIPS+D2T": "_sips._tcp", "SIP+D2T": "_sip._tcp", "SIP+D2U": "_sip._udp",
}


def naptr(order, service, name=NAME, to=None):
    """The option of dnsmasq for one NAPTR record of RFC 3263."""
    return f"--naptr-record={name},{order},10,s,{service},,{to or SERVICES[service] + '.' + name}"


def srv(service, target, port, priority=1, weight=1, name=NAME):
    return f"--srv-host={service}.{name},{target},{port},{priority},{weight}"


def asked(program):
    """All questions so far, as `SRV _sips._tcp.x`."""
    return re.findall(r"query\[(\w+)\] (\S+) from", "\n".join(program.lines))


def refuse_one(caller, device, number, seconds=5):
    call = caller.call(number)
    seen = device.await_call(seconds)
    seen.refuse(486)
    call.await_refusal(486)
    return seen


# rows: R3263-4.1-a R3263-4.2-d R4168-6 R5922-7.3-a R3263-4.1-d R5922-7.8
def test_sips_takes_its_own_services_alone(bench, shop, resolver):
    """NAPTR prefers UDP; the call goes by SIPS+D2T, to the port of its SRV, checked as the URI."""
    names = []
    device = bench.peer("east", "TLS", "sips", "127.0.0.2",
                        identity=shop.leaf("fly", f"DNS:{NAME}"))
    device.listener.tls.sni_callback = lambda _o, name, _c: names.append(name)
    program, address = resolver(
        naptr(5, "SIPS+D2S", to=f"_sips._sctp.{NAME}"), naptr(10, "SIP+D2U"),
        naptr(20, "SIP+D2T"), naptr(50, "SIPS+D2T"),
        srv("_sip._udp", "plain.test", 5060), srv("_sip._tcp", "plain.test", 5060),
        srv("_sips._tcp", "edge.test", device.local[1]),
        "--host-record=edge.test,127.0.0.2", "--host-record=plain.test,127.0.0.3",
        f"--host-record={NAME},127.0.0.3")
    clear = Deaf(bench.loop, "127.0.0.3", 5060)
    bench.start([{"number": "east", "type": "trunk", "prefix": 9, "contact": f"sips:{NAME}"}],
                resolver=address, strangers="all")
    seen = refuse_one(bench.phone("7789"), device, "95")
    assert seen.invite.uri == f"sips:95@{NAME}"
    assert names == [NAME], "SNI is the domain of the URI"
    questions = asked(program)
    assert ("SRV", f"_sips._tcp.{NAME}") in questions
    assert not [name for _kind, name in questions if name.startswith("_sip.") or "_sctp" in name]
    assert not clear.heard()


# rows: R5922-7.3-a
def test_a_certificate_for_the_server_does_not_do_for_the_domain(bench, shop, resolver):
    device = bench.peer("6001", "TLS", "sips", "127.0.0.2",
                        identity=shop.leaf("edge", "DNS:edge.test"))
    _program, address = resolver(
        srv("_sips._tcp", "edge.test", device.local[1]), "--host-record=edge.test,127.0.0.2")
    bench.start([{"number": "6001", "type": "extension", "contact": f"sips:{NAME}"}],
                resolver=address)
    assert bench.phone("7789").call("6001").tx.await_final(seconds=10).status in (480, 500)
    assert all(end.plain_in == b"" for end in device.listener.ends)
    line = bench.server.await_line(r".*edge\.test.*").group(0)
    assert NAME in line


# rows: R3263-4.1-b R3263-4.1-c R3263-4.2-b
@pytest.mark.parametrize("transport", ["", ";transport=tls", ";transport=tcp"])
def test_no_sips_service_leads_to_the_addresses_over_tls(bench, shop, resolver, transport):
    program, address = resolver(
        naptr(10, "SIP+D2U"), srv("_sip._udp", "plain.test", 5060),
        "--host-record=plain.test,127.0.0.3", f"--host-record={NAME},127.0.0.2")
    device = bench.peer("6001", "TLS", "sips", "127.0.0.2", 5061,
                        identity=shop.leaf("fly", f"DNS:{NAME}"))
    bench.start([{"number": "6001", "type": "extension", "contact": f"sips:{NAME}{transport}"}],
                resolver=address)
    refuse_one(bench.phone("7789"), device, "6001")
    questions = asked(program)
    assert ("SRV", f"_sips._tcp.{NAME}") in questions
    assert (("NAPTR", NAME) in questions) == (transport == "")
    services = {name for kind, name in questions if kind == "SRV"}
    assert services == {f"_sips._tcp.{NAME}"}


# rows: R3263-4.2-c
def test_a_sip_name_may_be_led_to_tls(bench, shop, resolver):
    device = bench.peer("6001", "TLS", "sip", "127.0.0.2",
                        identity=shop.leaf("fly", f"DNS:{NAME}"))
    _program, address = resolver(
        naptr(10, "SIPS+D2T"), naptr(20, "SIP+D2U"),
        srv("_sips._tcp", "edge.test", device.local[1]), srv("_sip._udp", "plain.test", 5060),
        "--host-record=edge.test,127.0.0.2", "--host-record=plain.test,127.0.0.3")
    clear = Deaf(bench.loop, "127.0.0.3", 5060)
    bench.start([{"number": "6001", "type": "extension", "contact": f"sip:{NAME}"}],
                resolver=address)
    caller = bench.phone("7789")
    call, seen = bench.talk(caller, device, "6001")
    assert seen.invite.uri == f"sip:6001@{NAME}"
    assert seen.invite.via.transport == "TLS"
    assert seen.invite.address("Contact").uri.scheme == "sip"
    bench.hang_up(call, seen)
    assert not clear.heard()


# rows: R3263-4.3-a R3261-8.1.3.1-a F-order
def test_three_servers_refuse_bad_good(bench, shop, resolver):
    """One refuses the connection, one shows a bad certificate, the third gets the call; then the
    two that failed are left for later."""
    bad = bench.peer("bad", "TLS", "sips", "127.0.0.2", identity=shop.peer)
    good = bench.peer("6001", "TLS", "sips", "127.0.0.3",
                      identity=shop.leaf("fly", f"DNS:{NAME}"))
    _program, address = resolver(
        srv("_sips._tcp", "one.test", free_port("127.0.0.2"), 1),
        srv("_sips._tcp", "two.test", bad.local[1], 2),
        srv("_sips._tcp", "three.test", good.local[1], 3),
        "--host-record=one.test,127.0.0.2", "--host-record=two.test,127.0.0.2",
        "--host-record=three.test,127.0.0.3")
    bench.start([{"number": "6001", "type": "extension", "contact": f"sips:{NAME}"}],
                resolver=address)
    caller = bench.phone("7789")
    refuse_one(caller, good, "6001", 10)
    tries = len(bad.listener.ends)
    assert tries == 1 and all(end.plain_in == b"" for end in bad.listener.ends)
    refuse_one(caller, good, "6001")
    assert len(bad.listener.ends) == tries, "who has just failed is tried last"


# rows: R3263-o-srvdot
def test_a_dot_means_nobody(bench, resolver):
    program, address = resolver(
        f"--srv-host=_sips._tcp.{NAME}", f"--host-record={NAME},127.0.0.2")
    deaf = Deaf(bench.loop, "127.0.0.2", 5061)
    bench.start([{"number": "6001", "type": "extension", "contact": f"sips:{NAME}"}],
                resolver=address)
    bench.server.await_line(rf"{NAME}: its SRV record is a dot")
    assert bench.phone("7789").call("6001").tx.await_final(seconds=10).status in (480, 500)
    assert not deaf.heard()
    assert not [kind for kind, _name in asked(program) if kind in ("A", "AAAA")]
