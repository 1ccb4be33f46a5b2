# SPDX-License-Identifier: Apache-2.0
"""kamailio as the next hop of a sips trunk: it receives TLS, with sips in the headers."""
import re

import pytest

from kit import rules
from kit.kamailio import Kamailio
from kit.loop import free_port

HOST = "127.0.0.2"


@pytest.fixture
def trunk(bench, shop, need, tmp_path):
    """Starts kamailio and a server whose trunk leads to it; gives a function."""
    path = need("kamailio")

    def start(transport, forward=None):
        kamailio = Kamailio(bench.loop, path, tmp_path, shop.peer, shop.authority.certificate,
                            HOST, free_port(HOST), forward)
        bench.programs.append(kamailio)
        kamailio.await_ready()
        bench.start([
            {"number": "east", "type": "trunk", "prefix": 9,
             "contact": f"sips:{HOST}:{kamailio.address[1]}{transport}"},
            {"number": "7789", "type": "extension", "contact": "*"}], strangers="all")
        return kamailio
    return start


@pytest.mark.parametrize("transport", [";transport=tls", ";transport=tcp", ""])
def test_it_receives_tls_with_sips_headers(bench, trunk, transport):
    kamailio = trunk(transport)
    caller = bench.phone("7789")
    caller.call("95551234").await_refusal(486)
    saw = kamailio.await_saw("INVITE")
    address = f"{HOST}:{kamailio.address[1]}"
    assert "proto=tls" in saw
    assert re.search(rf"ruri=sips:95551234@{re.escape(address)}", saw), saw
    for header in ("from=sips:7789@", "to=sips:95551234@", "contact=<sips:", "via=SIP/2.0/TLS "):
        assert header in saw, f"{header!r} not in {saw}"
    assert "transport=tls" not in saw.lower().partition("via=")[0]
    rules.check_sip_leg(caller, "UDP")
    bench.server.await_idle()


@pytest.mark.parametrize("a_side", ["sip", "sips"])
def test_a_call_through_it_and_back(bench, trunk, a_side):
    """kamailio record-routes and forwards to a sips phone: ACK, hold and BYE go through it."""
    device = bench.peer("95551234", "TLS", is_behind_proxy=True)
    kamailio = trunk(";transport=tls", device.local)
    caller = bench.phone("7789", "TLS" if a_side == "sips" else "UDP")
    call, seen = bench.talk(caller, device, "95551234")
    assert seen.routes and seen.routes[0].startswith(f"<sips:{HOST}:{kamailio.address[1]}")
    call.hold(seen)
    call.await_heard()
    seen.resume(call)
    bench.hang_up(seen, call)
    rules.check_leg(caller, bench.tls_ports)
    for record in device.log:
        assert record.secure and not rules.PLAIN_URI.search(rules.head(record.message))
    bench.server.await_idle()
