# SPDX-License-Identifier: Apache-2.0
"""A peer that we dial is checked, chain and name, before one octet of SIP goes to it."""
import re
import subprocess
import ssl

import pytest

from kit.certs import Authority

WANTED = "peer.example.test"


def dn(contact, **more):
    return {"number": 6001, "type": "extension", "contact": contact, **more}


def call_unreachable(bench, device, contact, **more):
    """Calls a device whose certificate must not be accepted; gives the final response."""
    bench.start([dn(contact, **more)])
    caller = bench.phone("7789")
    final = caller.call("6001").tx.await_final(seconds=10)
    assert 400 <= final.status <= 599 and final.status != 503, final
    bench.loop.wait("the end of the handshake",
                    lambda: device.listener.ends and device.listener.ends[0].closed)
    assert all(end.plain_in == b"" for end in device.listener.ends), "SIP to an unchecked peer"
    assert not device.log
    caller.options()
    bench.server.await_idle()
    return final


def tls_device(bench, identity, host="127.0.0.2"):
    return bench.peer("6001", "TLS", "sips", host, identity=identity)


# rows: R5922-7.3-b
def test_a_certificate_for_another_name(bench, shop):
    identity = shop.leaf("wrong", "DNS:other.example.test,DNS:third.example.test")
    device = tls_device(bench, identity)
    call_unreachable(bench, device, f"sips:127.0.0.2:{device.local[1]};transport=tls")
    line = bench.server.await_line(r".*other\.example\.test.*").group(0)
    assert "127.0.0.2" in line and "third.example.test" in line, line


def test_a_certificate_without_names(bench, shop):
    device = tls_device(bench, shop.leaf("127.0.0.2", ""))
    call_unreachable(bench, device, f"sips:127.0.0.2:{device.local[1]}")


def test_a_certificate_by_an_unknown_authority(bench, shop):
    device = tls_device(bench, shop.rogue)
    call_unreachable(bench, device, f"sips:127.0.0.2:{device.local[1]}")
    bench.server.await_line(r"(?i)(issuer|trust|authority|CA\b|self.signed)")


def test_an_expired_certificate(bench, shop):
    device = tls_device(bench, shop.expired)
    call_unreachable(bench, device, f"sips:127.0.0.2:{device.local[1]}")
    bench.server.await_line(r"(?i)expired")


def test_sip_over_tls_is_checked_too(bench, shop):
    identity = shop.leaf("wrong", "DNS:other.example.test,DNS:third.example.test")
    device = tls_device(bench, identity)
    call_unreachable(bench, device, f"sip:127.0.0.2:{device.local[1]};transport=tls")


# rows: R5922-N-ip
def test_the_name_of_the_dn_is_what_is_checked(bench, shop):
    """tls-name replaces the host of the contact: right name, then an address that is there."""
    device = tls_device(bench, shop.leaf("named", f"DNS:{WANTED}"))
    bench.start([dn(f"sips:127.0.0.2:{device.local[1]}", tls_name=WANTED)])
    caller = bench.phone("7789")
    bench.hang_up(*bench.talk(caller, device, "6001"))
    other = tls_device(bench, shop.peer)
    call_unreachable(bench, other, f"sips:127.0.0.2:{other.local[1]}",
                     tls_name="absent.example.test")


NAMES = [
    ("uri", f"URI:sip:{WANTED}", True),
    ("uri-case", f"URI:SIP:{WANTED}", True),
    ("dns-case", "DNS:PEER.Example.TEST", True),
    ("uri-sips", f"URI:sips:{WANTED}", False),
    ("uri-sips-dns", f"URI:sips:{WANTED},DNS:{WANTED}", True),
    ("uri-user", f"URI:sip:bob@{WANTED}", False),
    ("uri-wins", f"URI:sip:other.example.test,DNS:{WANTED}", False),
    ("wildcard", "DNS:*.example.test", False),
    ("suffix", "DNS:example.test", False),
    ("longer", f"DNS:x.{WANTED}", False),
]


@pytest.mark.limit(30)
# rows: R5922-7.1-a R5922-7.1-b R5922-7.1-c R5922-7.2-a R5922-7.2-b
def test_names_as_rfc_5922_reads_them(bench, shop):
    """One device for each certificate; those with a right name ring, the others hear nothing."""
    devices, entries = [], []
    for at, (name, san, _) in enumerate(NAMES):
        device = tls_device(bench, shop.leaf(f"n-{name}", san))
        devices.append(device)
        entries.append({"number": 7000 + at, "type": "extension", "tls-name": WANTED,
                        "contact": f"sips:127.0.0.2:{device.local[1]}"})
    common = tls_device(bench, shop.leaf(WANTED, ""))
    entries.append({"number": 7000 + len(NAMES), "type": "extension", "tls-name": WANTED,
                    "contact": f"sips:127.0.0.2:{common.local[1]}"})
    bench.start(entries)
    caller = bench.phone("7789")
    wrong = []
    for at, (name, _, is_good) in enumerate(NAMES + [("common-name", "", False)]):
        device = (devices + [common])[at]
        call = caller.call(str(7000 + at))
        bench.loop.wait(f"an end for {name}", lambda: call.tx.final or device.requests, 10)
        if device.requests:
            device.await_call().refuse(486)
            call.await_refusal(486)
        if bool(device.received("INVITE")) != is_good:
            wrong.append(name)
    assert not wrong


# rows: R5922-7.8
def test_the_server_name_is_sent_for_a_name_and_not_for_an_address(bench, shop):
    """SNI is the name that is checked; an IP literal is never sent as one."""
    seen = []
    device = tls_device(bench, shop.leaf("named", f"DNS:{WANTED}"))
    literal = tls_device(bench, shop.peer)
    device.listener.tls.sni_callback = lambda _o, name, _c: seen.append(("name", name)) and None
    literal.listener.tls.sni_callback = lambda _o, name, _c: seen.append(("ip", name)) and None
    bench.start([dn(f"sips:127.0.0.2:{device.local[1]}", tls_name=WANTED),
                 {"number": 6002, "type": "extension",
                  "contact": f"sips:127.0.0.2:{literal.local[1]}"}])
    caller = bench.phone("7789")
    for peer, number in ((device, "6001"), (literal, "6002")):
        call = caller.call(number)
        peer.await_call().refuse(486)
        call.await_refusal(486)
    assert seen == [("name", WANTED), ("ip", None)]


def test_the_servers_own_certificate_is_shown_and_fits(bench):
    """A strict phone verifies chain and address; TLS 1.2 alone is enough for old ones."""
    device, entry = bench.device("5000", "sip")
    bench.start([entry])
    for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
        context = bench.shop.authority.client_context(highest=version)
        phone = bench.phone("7789", "TLS", tls_client=context)
        phone.options()
        assert phone.end.tls.version() == version.name.replace("v1_", "v1.")
        phone.close()


@pytest.mark.parametrize("version", ["-tls1", "-tls1_1"])
# rows: R8996
def test_old_tls_is_refused(bench, version):
    bench.start([bench.device("5000", "sip")[1]])
    host, port = bench.ports["TLS"]
    done = bench.loop.run_beside(lambda: subprocess.run(
        ["openssl", "s_client", version, "-cipher", "ALL:@SECLEVEL=0", "-connect",
         f"{host}:{port}"], stdin=subprocess.DEVNULL, capture_output=True, text=True,
        timeout=10), "s_client", 12)
    assert re.search(r"alert protocol version|alert|no protocols", done.stdout + done.stderr)
    assert "Cipher is (NONE)" in done.stdout
    bench.alive("TLS")


# rows: R3261-8.1.3.1-a
def test_a_caller_is_told_at_once(bench, shop):
    """A failed handshake is a failed target: the answer does not wait for a timer."""
    device = tls_device(bench, shop.rogue)
    bench.start([dn(f"sips:127.0.0.2:{device.local[1]}")],
                timers={"t1": "500ms"})
    bench.phone("7789").call("6001").tx.await_final(seconds=5)


@pytest.mark.parametrize("fault", ["missing", "expired", "key"])
def test_a_bad_certificate_stops_the_start(bench, shop, tmp_path, fault):
    """serve ends with 6 and one clear line, whatever is wrong with our own certificate."""
    identity = {"missing": shop.server, "expired": shop.expired, "key": shop.server}[fault]
    other = Authority(tmp_path / "other").issue("other", "IP:127.0.0.1")
    text = bench.text([bench.device("5000", "sip")[1]], identity=identity)
    if fault == "missing":
        text = text.replace(identity.certificate, str(tmp_path / "absent.pem"))
    if fault == "key":
        text = text.replace(identity.key, other.key)
    from kit.server import Server
    server = Server(bench.loop, tmp_path, text)
    server.forgiven = True
    bench.servers.append(server)
    assert server.program.await_end(10) == 6, server.log()
    assert "sipward: ready" not in server.log()
    want = {"missing": "absent.pem", "expired": "expired", "key": "key"}[fault]
    assert sum(want in line for line in server.lines if "error:" in line) == 1, server.log()
