# SPDX-License-Identifier: Apache-2.0
"""A handshake that fails is one line that says whom, why and what to do; openssl is the other end."""
import subprocess

import pytest

from kit.loop import free_port
from kit.program import Program


def one_line(bench, code, *parts):
    """The one line with that code, and no other that speaks of a failure."""
    line = bench.server.await_line(rf".*\[{code}\]$").group(0)
    for part in parts:
        assert part in line, line
    failed = [text for text in bench.server.lines if "failed: " in text]
    assert failed == [line], failed
    return line


CALLING_IN = [
    ("version-old", ["-tls1_1", "-cipher", "ALL:@SECLEVEL=0"], "TLS 1.2"),
    ("cipher-none", ["-tls1_2", "-cipher", "ECDHE-ECDSA-AES128-SHA"], "AES-GCM"),
    ("group-none", ["-groups", "P-521"], "P-256"),
    ("signature-none", ["-tls1_3", "-sigalgs", "RSA-PSS+SHA256"], "certificate"),
    ("alpn-other", ["-alpn", "h2"], "ALPN"),
    ("ours-ca-unknown", ["-verify_return_error"], "install that CA"),
]


@pytest.mark.parametrize("code,words,part", CALLING_IN, ids=[c[0] for c in CALLING_IN])
# rows: R8996
def test_a_client_that_fails_is_explained(bench, code, words, part):
    bench.start([bench.device("5000", "sip")[1]])
    host, port = bench.ports["TLS"]
    bench.loop.run_beside(lambda: subprocess.run(
        ["openssl", "s_client", *words, "-connect", f"{host}:{port}"], stdin=subprocess.DEVNULL,
        capture_output=True, timeout=10), "s_client", 12)
    one_line(bench, code, "TLS from 127.0.0.1:", part)


CALLING_OUT = [
    ("version-refused", ["-tls1_1", "-cipher", "ALL:@SECLEVEL=0"], "1.2"),
    ("nothing-shared", ["-tls1_2", "-cipher", "ECDHE-ECDSA-AES128-SHA"], "cipher"),
    ("client-ca-unknown", ["-Verify", "1", "-verify_return_error"], "client certificate"),
    ("sni-unknown", ["-servername", "other.example.test", "-servername_fatal"],
     "peer.example.test"),
]


@pytest.mark.parametrize("code,words,part", CALLING_OUT, ids=[c[0] for c in CALLING_OUT])
def test_a_server_that_fails_is_explained(bench, shop, code, words, part):
    port = free_port("127.0.0.2")
    peer = Program(bench.loop, ["openssl", "s_server", "-accept", f"127.0.0.2:{port}", "-cert",
                                shop.peer.certificate, "-key", shop.peer.key, *(
                                    ["-cert2", shop.peer.certificate, "-key2", shop.peer.key]
                                    if "-servername" in words else []), *words], "s_server",
                   stdin=True)
    bench.programs.append(peer)
    peer.await_line("ACCEPT")
    bench.start([{"number": 6001, "type": "extension", "tls-name": "peer.example.test",
                  "contact": f"sips:127.0.0.2:{port}"}])
    bench.phone("7789").call("6001").tx.await_final(seconds=5)
    line = bench.server.await_line(rf".*\[{code}\]$").group(0)
    assert f"127.0.0.2:{port}" in line and part in line, line
    assert sum(f"[{code}]" in text for text in bench.server.lines) == 1
    peer.kill()


def test_what_is_not_tls_is_explained(bench):
    """Clear text on the port for TLS, and TLS on the port for clear text."""
    bench.start([bench.device("5000", "sip")[1]])
    raw = bench.raw("TCP")
    raw.send(b"\x16\x03\x01\x00\x05\x01\x00\x00\x01\x00")
    line = bench.server.await_line(r".*\[tls-on-plain-port\]$").group(0)
    assert "TCP with 127.0.0.1:" in line, line
    bench.ports["TCP"] = bench.ports["TLS"]
    bench.raw("TCP").send(b"REGISTER sip:example.test SIP/2.0\r\n")
    one_line(bench, "clear-sip", "TLS from 127.0.0.1:", "transport to TLS")
