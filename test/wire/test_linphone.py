# SPDX-License-Identifier: Apache-2.0
"""linphonec, a phone of others: registers with sips, calls a plain sipp phone, is called by it."""
import re

import pytest

from kit.linphone import Linphone
from kit.loop import free_port
from kit.sipp import Sipp

PASSWORD = "linphone secret"


@pytest.fixture
def phone(bench, shop, need, tmp_path):
    """A server, a plain device (for sipp) and a registered linphonec."""
    path, bench.sipp = need("linphonec"), need("sipp")
    bench.device_port = free_port()
    bench.start([
        {"number": "7789", "type": "extension", "contact": "*", "password": PASSWORD},
        {"number": "5000", "type": "extension",
         "contact": f"sip:127.0.0.1:{bench.device_port};transport=udp"}],
        domain="localhost", timers={"t1": "100ms", "t2": "400ms", "t4": "200ms"})
    linphone = Linphone(bench.loop, path, tmp_path, "7789", bench.ports["TLS"],
                        shop.authority.certificate, domain="localhost", password=PASSWORD)
    bench.programs.append(linphone)
    linphone.await_registered()
    yield linphone
    linphone.quit()


def run_sipp(bench, scenario, local, remote=None, words=()):
    sipp = Sipp(bench.loop, bench.sipp, bench.folder, scenario, local, remote, words=words)
    bench.programs.append(sipp)
    return sipp


def received(linphone):
    """What linphonec says came to it over its connection."""
    return re.findall(r"received \[\d+\] new bytes from.*?:\n(.*?)\n\d{4}-\d\d-\d\d ",
                      linphone.log(), re.S)


@pytest.mark.limit(60)
def test_it_registers_calls_and_is_called(phone, bench):
    assert bench.server.counters()["bindings"] == 1
    device = run_sipp(bench, "uas", ("127.0.0.1", bench.device_port))
    phone.say(f"call sips:5000@localhost:{bench.ports['TLS'][1]}")
    phone.await_log(r"to LinphoneCallStreamsRunning")
    phone.say("terminate")
    device.await_success()
    assert "sips" not in device.messages().lower(), "sips on the plain leg"

    phone.say("autoanswer enable")
    caller = run_sipp(bench, "uac", ("127.0.0.3", free_port("127.0.0.3")), bench.ports["UDP"],
                      ["-s", "7789", "-d", "300"])
    caller.await_success()
    assert "sips" not in caller.messages().lower(), "sips on the plain leg"

    came = "\n".join(received(phone))
    assert re.search(r"^INVITE sips:7789@", came, re.M) and "SIP/2.0 200" in came
    assert not re.search(r"(?<![a-z])sip:", came), "a sip URI on the sips leg"
    bench.server.await_idle()
    phone.quit()
    bench.server.await_counters(bindings=0)
