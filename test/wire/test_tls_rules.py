# SPDX-License-Identifier: Apache-2.0
"""The rules of TLS that an operator may change, each seen from the other side."""
import hashlib
import ssl
import subprocess

import pytest

WANTED = "peer.example.test"


def print_of(identity):
    with open(identity.certificate, encoding="ascii") as file:
        return hashlib.sha256(ssl.PEM_cert_to_DER_cert(file.read())).hexdigest()


def rings(bench, shop, identity, contact="sips:127.0.0.2:{port}", tls=None, **options):
    """Whether a device with this certificate is called; no octet of SIP reaches another."""
    device = bench.peer("6001", "TLS", "sips", "127.0.0.2", identity=identity)
    entry = {"number": 6001, "type": "extension",
             "contact": contact.format(port=device.local[1]), **options}
    bench.start([entry], tls=tls)
    call = bench.phone("7789").call("6001")
    bench.loop.wait("an end", lambda: call.tx.final or device.requests, 10)
    is_called = bool(device.requests)
    if is_called:
        device.await_call().refuse(486)
        call.await_refusal(486)
    else:
        assert all(end.plain_in == b"" for end in device.listener.ends)
    bench.server.stop()
    device.close()
    return is_called


def test_a_pinned_certificate_and_no_other(bench, shop):
    """Whatever it names, but its chain is checked."""
    odd, twin = shop.leaf("odd", "DNS:else.example.test"), shop.leaf("twin", "IP:127.0.0.2")
    assert not rings(bench, shop, odd)
    assert rings(bench, shop, odd, tls_fingerprint=print_of(odd))
    pairs = print_of(odd).upper()
    pairs = ":".join(pairs[at:at + 2] for at in range(0, 64, 2))
    assert rings(bench, shop, odd, tls_fingerprint=pairs)
    assert not rings(bench, shop, twin, tls_fingerprint=print_of(odd))
    bench.server.await_line(f"wanted the certificate with the tls-fingerprint {print_of(odd)}, "
                            f"but {print_of(twin)} was shown")
    assert not rings(bench, shop, shop.rogue, tls_fingerprint=print_of(shop.rogue))
    assert not rings(bench, shop, shop.expired, tls_fingerprint=print_of(shop.expired))


def test_a_wildcard_where_it_is_taken(bench, shop):
    star = shop.leaf("star", "DNS:*.example.test")
    assert not rings(bench, shop, star, tls_name=WANTED)
    assert not rings(bench, shop, star, tls_name=WANTED, tls_wildcard="no")
    assert rings(bench, shop, star, tls_name=WANTED, tls_wildcard="yes")
    assert not rings(bench, shop, star, tls_name="example.test", tls_wildcard="yes")
    assert not rings(bench, shop, star, tls_name="a.peer.example.test", tls_wildcard="yes")


# rows: R3261-26.2.2-b
def test_revoked_peers_are_refused_when_we_dial(bench, shop):
    good = shop.leaf("kept", "IP:127.0.0.2")
    bad = shop.leaf("revoked", "IP:127.0.0.2")
    crl = shop.authority.crl("list", [bad])
    assert rings(bench, shop, good, tls={"crl": crl})
    assert not rings(bench, shop, bad, tls={"crl": crl})
    bench.server.await_line(r"'CN=revoked' was revoked by its CA \(crl: ")
    assert not rings(bench, shop, good, tls={"crl": shop.authority.crl("old", is_old=True)})
    bench.server.await_line("the revocation list of its CA is out of date, and nobody of this CA")


@pytest.mark.parametrize("option", ["yes", "no"])
def test_transport_tls_is_emitted_where_a_device_wants_it(bench, option):
    """In the Contacts of its sips legs, both ways, and nowhere else."""
    device, entry = bench.device("6001", "sips")
    other, usual = bench.device("6002", "sips")
    entry["emit-transport-tls"] = option
    bench.start([entry, usual])
    caller = bench.phone("7789", "TLS")
    call, seen = bench.talk(caller, device, "6001")
    says = "transport=tls" in device.received("INVITE")[0].get("Contact")
    assert says == (option == "yes")
    assert "transport=tls" not in call.tx.final.get("Contact")
    bench.hang_up(call, seen)
    call, seen = bench.talk(caller, other, "6002")
    assert "transport=tls" not in other.received("INVITE")[0].get("Contact")
    bench.hang_up(call, seen)


def show(bench, *words):
    """What `openssl s_client` says of the usual listener."""
    port = bench.ports["TLS"][1]
    done = bench.loop.run_beside(lambda: subprocess.run(
        ["openssl", "s_client", "-connect", f"127.0.0.1:{port}", *words],
        input="Q\n", capture_output=True, text=True, timeout=10), "s_client", 12)
    return done.stdout + done.stderr


# rows: R3261-26.2.2-b
def test_revoked_peers_are_refused_when_they_dial(bench, shop):
    good, bad = shop.leaf("kept", "IP:127.0.0.2"), shop.leaf("revoked", "IP:127.0.0.2")
    listen = bench.ports_for()
    listen[0] = {"uri": listen[0], "client-certificate": "required"}
    bench.start([bench.device("5000", "sip")[1]], listen=listen,
                tls={"crl": shop.authority.crl("in", [bad])})
    for identity, is_good in ((good, True), (bad, False)):
        said = show(bench, "-tls1_2", "-cert", identity.certificate, "-key", identity.key)
        assert ("alert" in said) != is_good
    bench.server.await_line("TLS from .* failed: .*'CN=revoked'.*cert-revoked")


def test_versions_and_groups(bench, shop):
    bench.start([bench.device("5000", "sip")[1]], tls={"min-version": "1.3", "groups": "P-384"})
    assert "alert protocol version" in show(bench, "-tls1_2")
    assert "secp384r1" in show(bench, "-tls1_3") and "alert" not in show(bench, "-tls1_3")
    assert "handshake failure" in show(bench, "-tls1_3", "-groups", "X25519:P-256")


@pytest.mark.limit(60)
# rows: R5924-5
def test_what_a_certificate_was_issued_for(bench, shop):
    """RFC 5924 5: absent, for SIP domains, for TLS, for anything else."""
    sip = "1.3.6.1.5.5.7.3.20"
    cases = {sip: (True, True, True), "serverAuth": (True, True, False),
             "codeSigning": (False, True, False), "anyExtendedKeyUsage": (True, True, True)}
    for at, (usage, wanted) in enumerate(cases.items()):
        leaf = shop.leaf(f"eku-{at}", "IP:127.0.0.2", usage=usage)
        for rule, is_good in zip(("tls", "any", "sip"), wanted):
            assert rings(bench, shop, leaf, tls={"eku": rule}) == is_good, (usage, rule)


@pytest.mark.parametrize("version", ["-tls1_2", "-tls1_3"])
def test_a_session_goes_on_where_no_certificate_is_asked_for(bench, shop, tmp_path, version):
    """T5, T7: bound to the name that was asked for; never where a certificate is due; no 0-RTT."""
    listen = bench.ports_for()
    bench.start([bench.device("5000", "sip")[1]], listen=listen)
    kept = str(tmp_path / "session.pem")
    # A ticket of TLS 1.3 comes behind the handshake: it is waited for.
    words = (f"(sleep 0.5; echo Q) | openssl s_client {version} -servername a.example.test "
             f"-sess_out {kept} -connect 127.0.0.1:{bench.ports['TLS'][1]}")
    first = bench.loop.run_beside(lambda: subprocess.run(
        ["sh", "-c", words], capture_output=True, text=True, timeout=10), "s_client", 12)
    assert "Max Early Data: 0" in first.stdout or version == "-tls1_2"
    assert "Reused" in show(bench, version, "-servername", "a.example.test", "-sess_in", kept)
    assert "Reused" not in show(bench, version, "-servername", "b.example.test", "-sess_in", kept)
    assert "Reused" not in show(bench, version, "-noservername", "-sess_in", kept)
    bench.alive("TLS")
