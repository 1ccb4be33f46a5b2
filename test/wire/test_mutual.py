# SPDX-License-Identifier: Apache-2.0
"""Who dials us over TLS may have to show a certificate: it is who it proves to be, and nobody else."""
import subprocess

import pytest

from kit.certs import Authority
from kit.loop import free_port

EAST, WEST = "east.example.test", "west.example.test"


def keys_of(identity, **more):
    return {"certificate": identity.certificate, "key": identity.key, **more}


def trunk(number, name, **more):
    """A trunk that is somewhere else than who calls, so that nothing but a certificate tells it."""
    return {"number": number, "type": "trunk", "contact": "sips:127.0.0.9", "tls-name": name,
            **more}


def start(bench, entries, client="required", **more):
    """A server with a listener for a usual phone and one that asks for certificates."""
    device, entry = bench.device("5000", "sip")
    listen = bench.ports_for()
    port = free_port("127.0.0.1")
    listen.append({"uri": f"sips:127.0.0.1:{port}", "client-certificate": client,
                   **more.pop("listener", {})})
    bench.ports["MUTUAL"] = ("127.0.0.1", port)
    bench.start([entry, *entries], listen=listen, strangers="none", **more)
    return device


def caller(bench, shop, identity=None, user="7789", context=None, **more):
    context = context or shop.authority.client_context(identity)
    return bench.phone(user, "TLS", server=bench.ports["MUTUAL"], tls_client=context, **more)


def is_trunk(bench, phone, device, **more):
    """Whether the call is let in as a trunk's: strangers may call nobody here."""
    call = phone.call("5000", **more)
    bench.loop.wait("an end", lambda: call.tx.final or device.requests, 10)
    if not device.requests:
        return call.tx.final.status
    device.await_call().refuse(486)
    call.await_refusal(486)
    device.requests.clear()
    return 486


def shake(bench, *words, port=None, is_refused=False):
    """What `openssl s_client` says; a refusal comes late in TLS 1.3, so it waits for that."""
    port = port or bench.ports["MUTUAL"][1]
    words = [*words, "-ign_eof"] if is_refused else words
    done = bench.loop.run_beside(lambda: subprocess.run(
        ["openssl", "s_client", "-connect", f"127.0.0.1:{port}", *words],
        input="Q\n", capture_output=True, text=True, timeout=10), "s_client", 12)
    return done.stdout + done.stderr


@pytest.mark.parametrize("version", ["-tls1_2", "-tls1_3"])
# rows: R5922-7.4-a
def test_without_a_certificate_there_is_no_handshake_where_one_is_required(bench, shop, version):
    start(bench, [trunk("east", EAST)])
    assert "alert" in shake(bench, version, is_refused=True)
    bench.server.await_line(r"TLS from .* failed: the peer showed no certificate")
    east = shop.leaf("east", f"DNS:{EAST}")
    said = shake(bench, version, "-cert", east.certificate, "-key", east.key)
    assert "alert" not in said and "Verify return code" in said
    # The phones' listener asks for none.
    assert "No client certificate CA names sent" in shake(bench, version,
                                                          port=bench.ports["TLS"][1])
    bench.alive("TLS")


# rows: R5922-7.4-a
def test_a_trunk_is_known_by_its_certificate(bench, shop):
    device = start(bench, [trunk("east", EAST), trunk("west", WEST)], client="optional")
    names = {"east": f"DNS:{EAST}", "uri": f"URI:sip:{WEST}", "both": f"DNS:{EAST},DNS:{WEST}"}
    for name, san in names.items():
        phone = caller(bench, shop, shop.leaf(f"m-{name}", san))
        assert is_trunk(bench, phone, device) == 486, name
        phone.close()
    # A stranger, with or without one, is a stranger.
    for identity in (None, shop.leaf("m-else", "DNS:else.example.test")):
        phone = caller(bench, shop, identity)
        assert is_trunk(bench, phone, device) == 403
        phone.close()
    bench.server.await_line(r"client=east\.example\.test")


SUBJECTS = {
    "common name": (EAST, "DNS:else.example.test"),
    "common name alone": (EAST, ""),
    "printed subject": (f"x, DNS = {EAST}", "DNS:else.example.test"),
    "name of a folder": (f"x/subjectAltName=DNS:{EAST}", "DNS:else.example.test"),
    "wildcard": ("w", "DNS:*.example.test"),
    "user": ("u", f"URI:sip:east@{EAST}"),
    "sips": ("s", f"URI:sips:{EAST}"),
    "mail": ("m", f"email:x@{EAST}"),
}


@pytest.mark.limit(40)
def test_nothing_but_a_name_that_counts_makes_a_trunk(bench, shop):
    """T14: no printed subject in whatever spelling, no common name."""
    device = start(bench, [trunk("east", EAST)])
    for at, (what, (subject, san)) in enumerate(SUBJECTS.items()):
        for kind in ("utf8only", "default", "nombstr"):
            leaf = shop.authority.issue(f"t14-{at}", san, subject=subject, mask=kind)
            phone = caller(bench, shop, leaf)
            assert is_trunk(bench, phone, device) == 403, (what, kind)
            phone.close()


def test_a_bad_client_certificate_is_refused(bench, shop, tmp_path):
    """Untrusted, out of date, not yet valid, for servers alone, signed by itself."""
    start(bench, [trunk("east", EAST)], client="optional")
    other = Authority(tmp_path / "other", "other CA")
    bad = {
        "not among the CAs": other.issue("east", f"DNS:{EAST}"),
        "expired on": shop.authority.expired("old-east", f"DNS:{EAST}"),
        "not valid before": shop.authority.issue("new-east", f"DNS:{EAST}", usage="clientAuth",
                                                 start="20400101000000Z", end="20410101000000Z"),
        "cert-wrong-use": shop.leaf("server-east", f"DNS:{EAST}", usage="serverAuth"),
    }
    for line, identity in bad.items():
        for version in ("-tls1_2", "-tls1_3"):
            said = shake(bench, version, "-cert", identity.certificate, "-key", identity.key,
                         is_refused=True)
            assert "alert" in said, line
        bench.server.await_line(f"TLS from .* failed: .*{line}")
    bench.alive("TLS")


def test_two_authorities_with_one_subject(bench, shop, tmp_path):
    """T14a: each trunk has CAs of its own; the name alone, from the other CA, is nobody's."""
    twin = Authority(tmp_path / "twin", "wire test CA")
    east, false = shop.leaf("east", f"DNS:{EAST}"), twin.issue("east", f"DNS:{EAST}")
    identities = {"twin": keys_of(shop.server, trust=twin.certificate)}
    device = start(bench, [trunk("east", EAST), trunk("west", WEST, identity="twin")],
                   identities=identities, listener={"identity": ["default", "twin"]})
    phone = caller(bench, shop, east)
    assert is_trunk(bench, phone, device) == 486
    assert "alert" in shake(bench, "-cert", false.certificate, "-key", false.key,
                            is_refused=True)
    # On a listener of the twin alone its CA is believed, and makes its own trunks, not ours.
    bench.server.stop()
    device.close()
    device = start(bench, [trunk("east", EAST), trunk("west", WEST, identity="twin")],
                   identities=identities, listener={"identity": "twin"})
    phone = caller(bench, shop, false)
    assert is_trunk(bench, phone, device) == 403
    phone.close()
    phone = caller(bench, shop, twin.issue("west", f"DNS:{WEST}"))
    assert is_trunk(bench, phone, device) == 486


# rows: R5922-7.4-a
def test_a_certificate_of_one_trunk_at_the_address_of_another(bench, shop):
    """T14d: 403, the end of the connection, and a line that says whose certificate it was."""
    at = {"number": "here", "type": "trunk", "contact": "sips:127.0.0.1:5099",
          "tls-name": WEST}
    device = start(bench, [trunk("east", EAST), at])
    phone = caller(bench, shop, shop.leaf("east", f"DNS:{EAST}"))
    final = phone.call("5000").tx.await_final(403)
    assert final.reason == "Certificate Of Another"
    bench.server.await_line(r"refused with 403: not the client certificate of trunk here: "
                            r"it names east\.example\.test")
    bench.loop.wait("its end", lambda: phone.end.closed, 5)
    bench.server.await_line(r"is shut: its certificate is that of another trunk")
    phone.close()
    phone = caller(bench, shop, shop.leaf("west", f"DNS:{WEST}"))
    assert is_trunk(bench, phone, device) == 486


DOMAINS = ["peer.example", "other.example", "127.0.0.1", "example.test"]


# rows: R3261-26.3.2.2
def test_from_must_fit_the_certificate_where_it_is_asked_for(bench, shop):
    """T15: each identity against each domain that it may claim."""
    device = start(bench, [trunk("east", EAST, **{"from-domain": "certificate"}),
                           trunk("west", WEST)])
    east = shop.leaf("from", f"DNS:{EAST},DNS:peer.example")
    west = shop.leaf("west", f"DNS:{WEST}")
    for identity, allowed in ((east, {"peer.example"}), (west, set(DOMAINS))):
        for domain in DOMAINS:
            phone = caller(bench, shop, identity, user="x", domain=domain)
            status = is_trunk(bench, phone, device, uri="sips:5000@example.test")
            assert status == (486 if domain in allowed else 403), domain
            phone.close()
    bench.server.await_line(r"refused with 403: no certificate for the From of a call of trunk "
                            r"east: it names east\.example\.test,peer\.example")


def test_a_phone_is_known_by_its_certificate(bench, shop):
    """Instead of a password: it registers and calls; another phone's certificate is challenged."""
    device = start(bench, [{"number": 7001, "type": "extension", "contact": "*",
                            "password": "secret", "tls-name": "phone-7001.example.test"}])
    phone = caller(bench, shop, shop.leaf("p7001", "DNS:phone-7001.example.test"), user="7001")
    phone.register()
    assert is_trunk(bench, phone, device) == 486
    phone.close()
    other = caller(bench, shop, shop.leaf("p7002", "DNS:phone-7002.example.test"), user="7001")
    other.register(code=401)
    other.call("5000").tx.await_final(401)


# rows: R5922-8.1
def test_a_connection_is_nobody_else_by_one_proof(bench, shop):
    """The certificate of one phone on the connection leaves the others to their passwords."""
    start(bench, [{"number": 7001, "type": "extension", "contact": "*", "password": "secret",
                   "tls-name": "phone-7001.example.test"},
                  {"number": 7002, "type": "extension", "contact": "*", "password": "other"}])
    phone = caller(bench, shop, shop.leaf("p7001", "DNS:phone-7001.example.test"), user="7001")
    phone.register()
    phone.user = "7002"
    phone.call("5000").tx.await_final(401)
