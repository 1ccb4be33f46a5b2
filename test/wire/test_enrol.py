# SPDX-License-Identifier: Apache-2.0
"""kamailio as a trunk at which the server must register: over TLS and over UDP, with digest."""
import re

import pytest

from kit import rules
from kit.kamailio import Kamailio
from kit.loop import free_port

HOST = "127.0.0.2"
REALM = "east.example.test"


@pytest.fixture
def east(bench, shop, need, tmp_path):
    """Starts kamailio, a device behind it, and a server that registers there; gives a function."""
    path = need("kamailio")

    def start(transport, algorithm="MD5", password="s3cret", identity=None, **options):
        device = bench.peer("95551234", transport, host="127.0.0.3", is_behind_proxy=True)
        port = free_port(HOST)
        kamailio = Kamailio(bench.loop, path, tmp_path, identity or shop.peer,
                            shop.authority.certificate, HOST, port, device.local,
                            {"realm": REALM, "password": "s3cret", "algorithm": algorithm},
                            transport)
        bench.programs.append(kamailio)
        kamailio.await_ready()
        scheme = "sips" if transport == "TLS" else "sip"
        trunk = {"number": "east", "type": "trunk", "prefix": 9, "register": "yes",
                 "username": "acme", "password": password, "realm": REALM,
                 "contact": f"{scheme}:{HOST}:{port}", **options}
        bench.start([trunk, {"number": "7789", "type": "extension", "contact": "*"}],
                    strangers="all")
        return kamailio, device
    return start


@pytest.mark.parametrize("transport, algorithm", [("TLS", "SHA-256"), ("TLS", "MD5"),
                                                  ("UDP", "SHA-256"), ("UDP", "MD5")])
def test_it_registers_and_calls_go_both_ways(bench, east, transport, algorithm):
    kamailio, device = east(transport, algorithm)
    scheme = "sips" if transport == "TLS" else "sip"
    address = re.escape(f"{HOST}:{kamailio.address[1]}")
    bench.server.await_counters(enrolled=1)
    saw = kamailio.await_saw("REGISTER")
    assert f"proto={transport.lower()}" in saw
    assert re.search(rf"ruri={scheme}:{address} from={scheme}:acme@{re.escape(HOST)} "
                     rf"to={scheme}:acme@{re.escape(HOST)} "
                     rf"contact=<{scheme}:acme@127\.0\.0\.1:\d+> ", saw), saw
    proved = kamailio.program.await_line(r"PROVED user=(\S+) uri=(\S+) expires=(\S+)", 5)
    assert proved.groups() == ("acme", f"{scheme}:{HOST}:{kamailio.address[1]}", "3600")
    assert "registered as" in bench.server.log()

    # Out: challenged with 407, which the caller never sees.
    caller = bench.phone("7789")
    call, seen = bench.talk(caller, device, "95551234")
    proved = kamailio.program.await_line(r"PROVED user=(\S+) uri=(\S+) call", 5)
    assert proved.groups() == ("acme", f"{scheme}:95551234@{HOST}:{kamailio.address[1]}")
    bench.hang_up(call, seen)
    bench.server.await_idle()
    rules.check_leg(caller, bench.tls_ports)


def test_it_is_taken_back_at_the_end(bench, east):
    kamailio, _ = east("TLS")
    bench.server.await_counters(enrolled=1)
    bench.server.stop()
    kamailio.program.await_line(r"PROVED user=acme \S+ expires=0", 5)


def test_wrong_credentials_are_said_once(bench, east):
    kamailio, _ = east("TLS", password="guessed")
    bench.server.await_line("it refused the credentials")
    # The line of the second one may be on its way still.
    program, asked = kamailio.program, "method=REGISTER"
    program.await_line(asked)
    first = next(n for n, line in enumerate(program.lines) if asked in line)
    program.await_line(asked, start=first + 1)
    assert program.text().count(asked) == 2
    assert bench.server.counters()["enrolled"] == 0


def test_another_realm_gets_nothing(bench, east):
    kamailio, _ = east("TLS", realm="west.example.test")
    bench.server.await_line("credentials of another realm than its own")
    assert kamailio.program.text().count("method=REGISTER") == 1


# rows: R3261-26.3.2.1-a
# rows: R3261-26.3.2.1-a
@pytest.mark.parametrize("which", ["rogue", "expired", "other"])
def test_no_register_to_who_cannot_prove_its_name(bench, shop, east, which):
    identity = (shop.leaf("other-name", "DNS:somebody.example.test") if which == "other"
                else getattr(shop, which))
    kamailio, _ = east("TLS", identity=identity)
    bench.server.await_line("not registered at sips:127.0.0.2")
    assert "SAW proto=" not in kamailio.program.text()
    assert bench.server.counters()["enrolled"] == 0


def test_a_lost_connection_is_registered_again(bench, east):
    """kamailio ends and starts again: the server is back within the first back-off."""
    kamailio, _ = east("TLS")
    bench.server.await_counters(enrolled=1)
    kamailio.kill()
    bench.server.await_counters(enrolled=0)
    bench.server.await_line("the connection is gone; tried again at once")
