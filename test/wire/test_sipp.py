# SPDX-License-Identifier: Apache-2.0
"""sipp behind stunnel is a sips phone that shares nothing with our own test phones."""
import os

import pytest

from kit.loop import free_port
from kit.sipp import Sipp, Stunnel

SCENARIOS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "scenarios")


@pytest.fixture
def run(bench, need, tmp_path):
    """Starts sipp, or stunnel before it; all of them end with the test."""
    paths = {"sipp": need("sipp"), "stunnel": need("stunnel4")}

    def start(kind, *words, **more):
        maker = Sipp if kind == "sipp" else Stunnel
        program = maker(bench.loop, paths[kind], tmp_path, *words, **more)
        bench.programs.append(program)
        return program
    return start


def keys(address):
    return ["-key", "us_host", address[0], "-key", "us_port", str(address[1])]


@pytest.mark.limit(40)
def test_a_sips_caller_and_a_plain_device(bench, run, shop):
    device_port, tunnel_port = free_port(), free_port()
    bench.start([{"number": "5000", "type": "extension",
                  "contact": f"sip:127.0.0.1:{device_port};transport=udp"}])
    device = run("sipp", "uas", ("127.0.0.1", device_port), calls=5)
    run("stunnel", ("127.0.0.1", tunnel_port), bench.ports["TLS"],
        trust=shop.authority.certificate, check_ip="127.0.0.1")
    caller = run("sipp", os.path.join(SCENARIOS, "sips_uac.xml"), ("127.0.0.1", free_port()),
                 ("127.0.0.1", tunnel_port), transport="t1", calls=5,
                 words=["-s", "5000", "-r", "5", *keys(bench.ports["TLS"])])
    caller.await_success()
    device.await_success()
    assert "sips" not in device.messages().lower(), "sips on the plain leg"
    bench.server.await_idle()


@pytest.mark.limit(40)
def test_a_plain_caller_and_a_sips_device(bench, run, shop):
    plain_port, tls_port = free_port(), free_port("127.0.0.2")
    bench.start([{"number": "6001", "type": "acd-position",
                  "contact": f"sips:127.0.0.2:{tls_port};transport=tcp"}])
    run("stunnel", ("127.0.0.2", tls_port), ("127.0.0.1", plain_port), identity=shop.peer)
    device = run("sipp", os.path.join(SCENARIOS, "sips_uas.xml"), ("127.0.0.1", plain_port),
                 transport="t1", calls=5, words=keys(("127.0.0.2", tls_port)))
    caller = run("sipp", "uac", ("127.0.0.1", free_port()), bench.ports["UDP"], calls=5,
                 words=["-s", "6001", "-r", "5"])
    caller.await_success()
    device.await_success()
    assert "sips" not in caller.messages().lower(), "sips on the plain leg"
    bench.server.await_idle()
