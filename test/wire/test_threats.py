# SPDX-License-Identifier: Apache-2.0
"""Attacks on TLS as others would try them: a grid of hellos, early data, a client that speaks clear
text where sips is meant, and what the memory checker sees of sessions that go on."""
import os
import subprocess

import pytest

from kit.server import ROOT

PLAIN = os.environ.get("SIPWARD_PLAIN", os.path.join(ROOT, "build", "sipward"))
VALGRIND = ["valgrind", "--quiet", "--error-exitcode=9", "--child-silent-after-fork=yes"]


def client(bench, *words, text="Q\n"):
    """What `openssl s_client` says to the TLS port."""
    done = bench.loop.run_beside(lambda: subprocess.run(
        ["openssl", "s_client", "-connect", f"127.0.0.1:{bench.ports['TLS'][1]}", *words],
        input=text, capture_output=True, text=True, timeout=15), "s_client", 20)
    return done.stdout + done.stderr


OLD = ("-cipher", "ALL:COMPLEMENTOFALL:@SECLEVEL=0")
# The suites of TLS 1.2 that are no AEAD with ephemeral keys, or not for a key like ours (P-256).
WEAK = ["AES128-SHA", "AES256-SHA", "AES128-SHA256", "AES256-SHA256", "AES128-GCM-SHA256",
        "AES256-GCM-SHA384", "DHE-RSA-AES128-SHA", "DHE-RSA-AES256-SHA256",
        "DHE-RSA-AES128-GCM-SHA256", "DHE-RSA-CHACHA20-POLY1305", "ECDHE-ECDSA-AES128-SHA",
        "ECDHE-ECDSA-AES256-SHA", "ECDHE-ECDSA-AES128-SHA256", "ECDHE-ECDSA-AES256-SHA384",
        "ECDHE-RSA-AES128-SHA", "ECDHE-RSA-AES256-SHA384", "ECDHE-RSA-AES128-GCM-SHA256",
        "CAMELLIA128-SHA", "CAMELLIA256-SHA256", "AES128-CCM", "AES256-CCM8",
        "ECDHE-ECDSA-AES128-CCM", "ECDHE-ECDSA-AES256-CCM8", "ECDHE-ECDSA-CAMELLIA128-SHA256",
        "ARIA128-GCM-SHA256", "ECDHE-ARIA256-GCM-SHA384", "NULL-SHA256", "ADH-AES128-GCM-SHA256",
        "AECDH-AES128-SHA", "ECDHE-ECDSA-NULL-SHA"]
GOOD = ["ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-ECDSA-AES256-GCM-SHA384",
        "ECDHE-ECDSA-CHACHA20-POLY1305"]

# What is offered, and what comes of it: a cipher or version, or the alert.
GRID = (
    [(("-tls1", *OLD), "alert protocol version"), (("-tls1_1", *OLD), "alert protocol version")]
    + [(("-tls1_2", "-cipher", f"{suite}:@SECLEVEL=0"), "handshake failure") for suite in WEAK]
    + [(("-tls1_2", "-cipher", suite), f"Cipher is {suite}") for suite in GOOD]
    + [(("-tls1_3", "-ciphersuites", suite), f"Cipher is {suite}")
       for suite in ("TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384",
                     "TLS_CHACHA20_POLY1305_SHA256")]
    + [(("-tls1_3", "-ciphersuites", suite), "handshake failure")
       for suite in ("TLS_AES_128_CCM_SHA256", "TLS_AES_128_CCM_8_SHA256")]
    + [(("-tls1_3", "-groups", group), "Cipher is") for group in ("X25519", "P-256", "P-384")]
    # In TLS 1.2 the group of the certificate's key must be among them, too.
    + [(("-tls1_2", "-groups", f"{group}:P-256"), "Cipher is") for group in ("X25519", "P-384")]
    + [((version, "-groups", group), "handshake failure")
       for version in ("-tls1_2", "-tls1_3") for group in ("P-521", "X448")]
    + [((version, "-sigalgs", kinds, "-cipher", "ALL:@SECLEVEL=0"), "handshake failure")
       for version, kinds in (("-tls1_3", "RSA-PSS+SHA256"), ("-tls1_3", "ed25519"),
                              ("-tls1_2", "RSA+SHA256"), ("-tls1_2", "ECDSA+SHA1"))]
    + [(("-alpn", "h2,http/1.1"), "no application protocol"), (("-alpn", "sip/2"), "Cipher is")])


@pytest.mark.limit(120)
def test_a_grid_of_hellos(bench):
    """T18a: versions, suites, groups, signatures: what is weak gets its alert, and nobody else is
    troubled."""
    bench.start([bench.device("5000", "sip")[1]])
    wrong, tried = [], 0
    for words, wanted in GRID:
        said = client(bench, *words)
        if "no cipher match" in said or "Error with command" in said or "no ciphers" in said:
            continue  # this openssl cannot offer it any more
        tried += 1
        is_in = "Cipher is (NONE)" not in said and "Cipher is" in said and "alert" not in said
        if wanted not in said or is_in != wanted.startswith("Cipher"):
            wrong.append((words, wanted, said[-400:]))
    assert not wrong, wrong
    assert tried >= 40, tried
    bench.alive("TLS")


def test_a_client_that_wants_to_begin_anew(bench):
    """T8a: no renegotiation; the connection goes on or ends, and nothing else happens."""
    bench.start([bench.device("5000", "sip")[1]])
    said = client(bench, "-tls1_2", "-legacy_renegotiation", text="R\nQ\n")
    assert "no renegotiation" in said, said
    bench.alive("TLS")


def test_early_data_cannot_be_linked():
    """T7b: but for the call that says how much of it is taken, which is none."""
    done = subprocess.run(["nm", "-D", "--undefined-only", PLAIN], capture_output=True, text=True,
                          timeout=10, check=True)
    assert "SSL_CTX_set_options" in done.stdout
    early = [line.split()[-1].split("@")[0] for line in done.stdout.splitlines()
             if "early_data" in line]
    assert early == ["SSL_CTX_set_max_early_data"]


@pytest.mark.parametrize("uri", ["sips:5000@127.0.0.1:{tls}", "sip:5000@127.0.0.1:{tls}",
                                 "sips:5000@127.0.0.1:{udp}"])
def test_a_client_that_says_sips_in_clear(bench, need, uri):
    """sofia-sip's sip-options speaks clear text whatever the scheme: the TLS port is silent, and on
    the plain port it is 400; the device never hears of it."""
    path = need("sip-options")
    device, entry = bench.device("5000", "sips")
    bench.start([entry])
    uri = uri.format(tls=bench.ports["TLS"][1], udp=bench.ports["UDP"][1])
    done = bench.loop.run_beside(lambda: subprocess.run(
        ["timeout", "4", path, "--all", uri], stdin=subprocess.DEVNULL, capture_output=True,
        text=True, timeout=15), "sip-options", 20)
    said = done.stdout + done.stderr
    assert "SIP/2.0 200" not in said and "200 OK" not in said, said
    assert not device.requests
    assert all(end.plain_in == b"" for end in device.listener.ends)
    bench.alive("TLS")


@pytest.mark.limit(90)
@pytest.mark.parametrize("version", ["-tls1_2", "-tls1_3"])
def test_sessions_under_the_memory_checker(bench, need, tmp_path, version):
    """T6c: no octet of a ticket, or of what makes it, was not written before it was used."""
    wrapper = tmp_path / "checked"
    wrapper.write_text("#!/bin/sh\nexec " + " ".join([need("valgrind"), *VALGRIND[1:]])
                       + f' {PLAIN} "$@"\n', encoding="ascii")
    wrapper.chmod(0o700)
    bench.start([bench.device("5000", "sip")[1]], program=str(wrapper), seconds=60)
    kept = str(tmp_path / "session.pem")
    port = bench.ports["TLS"][1]
    words = (f"(sleep 3; echo Q) | openssl s_client {version} -servername a.example.test "
             f"-sess_out {kept} -connect 127.0.0.1:{port}")
    bench.loop.run_beside(lambda: subprocess.run(["sh", "-c", words], capture_output=True,
                                                 timeout=30), "s_client", 40)
    assert "Reused" in client(bench, version, "-servername", "a.example.test", "-sess_in", kept)
    bench.server.stop(30)
    assert not bench.server.program.find(r"^==\d+==")
