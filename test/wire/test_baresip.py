# SPDX-License-Identifier: Apache-2.0
"""baresip, a phone of others with outbound: it is called by its flow, and gone with it."""
import re

import pytest

from kit.baresip import Baresip


@pytest.mark.limit(60)
# rows: R5626-6-b R5626-7-a R5626-7-b
def test_it_is_called_by_its_flow_alone(bench, shop, need, tmp_path):
    path = need("baresip")
    bench.start([{"number": "7789", "type": "extension", "contact": "*"}],
                domain="localhost", strangers="dn-only")
    phone = Baresip(bench.loop, path, tmp_path, "7789", bench.ports["TLS"],
                    shop.authority.certificate)
    bench.programs.append(phone)
    phone.await_line(r"registered successfully", 10)
    bench.server.await_counters(bindings=1)
    said = phone.program.text()
    own = re.search(r"^TLS (\S+) -> \S+\nREGISTER ", said, re.M).group(1)
    assert re.search(r"^Contact: <sip:.*;reg-id=1", said, re.M)
    assert re.search(r"^Require: outbound$", said, re.M) and "Flow-Timer: 120" in said
    # Its Contact has another port, at which it listens: the way to it is its own connection.
    assert f"@{own};" not in said

    caller = bench.phone("5000")
    call = caller.call("7789")
    call.await_ringing()
    phone.await_line(r"^INVITE sip:7789-\S+ SIP/2.0$")
    assert re.search(rf"^TLS \S+ -> {own}\nINVITE ", phone.program.text(), re.M)
    call.cancel()
    call.await_refusal(487)
    bench.server.await_idle()
    assert bench.server.counters()["flows"] == 1

    # The flow is cut: its binding goes with it, and nobody is dialled.
    phone.kill()
    bench.server.await_counters(bindings=0, flows=0)
    caller.call("7789").tx.await_final(480)
    assert bench.server.counters()["flows"] == 0
