# SPDX-License-Identifier: Apache-2.0
"""Contacts that are names: looked up at the resolver of the configuration, dnsmasq here."""
import getpass

import pytest

from kit.loop import free_port
from kit.program import Program
from kit.wire import Deaf

NAME = "fly.example.test"


@pytest.fixture
def resolver(bench, need):
    """dnsmasq on a free port; gives a function that starts it with some names."""
    path = need("dnsmasq")

    def start(*words):
        port = free_port()
        program = Program(bench.loop, [
            path, "--keep-in-foreground", "--no-resolv", "--no-hosts", "--no-daemon",
            "--conf-file=/dev/null", "--pid-file=", "--log-queries", "--log-facility=-",
            f"--user={getpass.getuser()}", "--listen-address=127.0.0.1", "--bind-interfaces",
            f"--port={port}", "--local=/test/", *words], "dnsmasq")
        bench.programs.append(program)
        program.await_line(r"started, version")
        return program, f"127.0.0.1:{port}"
    return start


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
