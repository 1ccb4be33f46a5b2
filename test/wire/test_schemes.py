# SPDX-License-Identifier: Apache-2.0
"""Which schemes a server has by its listeners, and what a chain of certificates must be."""
import socket

import pytest

from kit.certs import Identity, openssl
from kit.loop import free_port

PLAIN = {"number": "5000", "type": "extension", "contact": "sip:127.0.0.1:9;transport=udp"}


# rows: R3261-8.2.2.1-a
@pytest.mark.parametrize("transport", ["UDP", "TCP"])
def test_sips_is_not_known_where_nothing_listens_for_tls(bench, transport):
    """416 says that the scheme is not ours at all; with a TLS listener it is 400."""
    listen = bench.ports_for()
    bench.start([PLAIN], listen=[uri for uri in listen if not uri.startswith("sips")])
    phone = bench.phone("7789", transport)
    phone.options(416, uri="sips:127.0.0.1")
    phone.options()
    bench.start([PLAIN])
    bench.phone("7789", transport).options(400, uri="sips:127.0.0.1")


# rows: R3261-26.3.1-a R3261-19.1.1-a
@pytest.mark.parametrize("scheme", ["sips", "SIPS", "Sips", "sip"])
def test_a_server_with_tls_takes_sips(bench, scheme):
    bench.start([PLAIN])
    phone = bench.phone("7789", "TLS")
    phone.options(200, uri=f"{scheme}:127.0.0.1")


# rows: R3261-26.4.4-a
def test_a_server_for_tls_alone(bench):
    """Nobody answers in clear, and secure phones are served."""
    host = "127.0.0.7"
    port = free_port(host)
    bench.ports = {"TLS": (host, port)}
    bench.start([{"number": "5000", "type": "extension", "contact": "*"}],
                listen=[f"sips:{host}:{port}"],
                identity=bench.shop.leaf("alone", f"IP:{host}"))
    bench.phone("7789", "TLS").options()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((host, 5060), timeout=5)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as plain:
        plain.settimeout(5)
        plain.connect((host, port))
        plain.send(b"OPTIONS sip:127.0.0.7 SIP/2.0\r\n\r\n")
        with pytest.raises(ConnectionRefusedError):
            plain.recv(1)


def issued_by_leaf(shop):
    """A certificate with the right name, issued by one that is no authority."""
    issuer = shop.leaf("no-authority", "IP:127.0.0.2")
    start = issuer.certificate.rpartition(".")[0] + "-child"
    key, request, leaf = (f"{start}.{end}" for end in ("key", "csr", "pem"))
    openssl("ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", key)
    openssl("req", "-new", "-key", key, "-subj", "/CN=child", "-out", request)
    with open(f"{start}.ext", "w", encoding="ascii") as file:
        file.write("basicConstraints=critical,CA:FALSE\nsubjectAltName=IP:127.0.0.2\n"
                   "extendedKeyUsage=serverAuth\n")
    openssl("x509", "-req", "-in", request, "-CA", issuer.certificate, "-CAkey", issuer.key,
            "-CAcreateserial", "-days", "10", "-sha256", "-extfile", f"{start}.ext", "-out", leaf)
    with open(leaf, "a", encoding="ascii") as chain, open(issuer.certificate,
                                                          encoding="ascii") as above:
        chain.write(above.read())
    return Identity(leaf, key)


# rows: R5922-7.1-d
@pytest.mark.parametrize("fault", ["issuer", "date", "usage"])
def test_a_chain_that_does_not_hold(bench, shop, fault):
    """An issuer that is no authority, a day that has not come, a use that is not a server's."""
    identity = {
        "issuer": lambda: issued_by_leaf(shop),
        "date": lambda: shop.leaf("early", "IP:127.0.0.2", start="21000101000000Z",
                                  end="21010101000000Z"),
        "usage": lambda: shop.leaf("mail", "IP:127.0.0.2", usage="emailProtection"),
    }[fault]()
    device = bench.peer("6001", "TLS", "sips", "127.0.0.2", identity=identity)
    bench.start([{"number": 6001, "type": "extension",
                  "contact": f"sips:127.0.0.2:{device.local[1]}"}])
    assert bench.phone("7789").call("6001").tx.await_final(seconds=10).status == 500
    bench.loop.wait("the end of the handshake",
                    lambda: device.listener.ends and device.listener.ends[0].closed)
    assert all(end.plain_in == b"" for end in device.listener.ends)
