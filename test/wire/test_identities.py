# SPDX-License-Identifier: Apache-2.0
"""Who we are over TLS: which certificate is shown to whom, as a server and as a client."""
import subprocess

from kit.loop import free_port


def keys_of(identity, **more):
    return {"certificate": identity.certificate, "key": identity.key, **more}


def subject(bench, port, *words):
    """The common name of the certificate that `openssl s_client` is shown."""
    done = bench.loop.run_beside(lambda: subprocess.run(
        ["openssl", "s_client", "-connect", f"127.0.0.1:{port}", *words],
        stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=10), "s_client", 12)
    line = next(one for one in done.stdout.splitlines() if one.startswith("subject="))
    return line.split("CN = ")[1].strip()


def test_a_listener_shows_its_identity_and_what_sni_asks_for(bench, shop):
    east = shop.leaf("east", "DNS:east.example.test")
    west = shop.leaf("west", "URI:sip:west.example.test")
    listen = bench.ports_for()
    one, both = free_port("127.0.0.1"), free_port("127.0.0.1")
    listen += [{"uri": f"sips:127.0.0.1:{one}", "identity": "east"},
               {"uri": f"sips:127.0.0.1:{both}", "identity": ["west", "east"]}]
    bench.start([bench.device("5000", "sip")[1]], listen=listen,
                identities={"east": keys_of(east), "west": keys_of(west)})
    usual = bench.ports["TLS"][1]
    asks_east = ("-servername", "east.example.test")
    asks_west = ("-servername", "west.example.test")
    for words in ((), ("-tls1_2",)):
        assert subject(bench, usual, "-noservername", *words) == "server"
        assert subject(bench, usual, *asks_east, *words) == "server"
        assert subject(bench, one, *asks_west, *words) == "east"
        assert subject(bench, both, "-noservername", *words) == "west"
        assert subject(bench, both, *asks_east, *words) == "east"
        assert subject(bench, both, *asks_west, *words) == "west"
        assert subject(bench, both, "-servername", "else.example.test", *words) == "west"


# rows: R5923-9.3
def test_two_tenants_at_one_address_get_two_connections(bench, shop):
    """Each with its own client certificate; a second call of a tenant uses its connection again."""
    east = shop.leaf("east", "DNS:east.example.test")
    west = shop.leaf("west", "URI:sip:west.example.test")
    device = bench.peer("6001", "TLS", "sips", "127.0.0.2", identity=shop.peer)
    device.listener.tls = shop.authority.server_context(shop.peer, ask_client=True)
    contact = f"sips:127.0.0.2:{device.local[1]}"
    bench.start([{"number": "a", "type": "trunk", "contact": contact, "prefix": "8",
                  "identity": "east"},
                 {"number": "b", "type": "trunk", "contact": contact, "prefix": "9",
                  "identity": "west"},
                 {"number": "c", "type": "trunk", "contact": contact, "prefix": "7"}],
                identities={"east": keys_of(east), "west": keys_of(west)}, strangers="all")
    caller = bench.phone("7789")
    for number, shown in (("81", "east"), ("91", "west"), ("71", "server"), ("82", "east"),
                          ("92", "west"), ("72", "server")):
        call = caller.call(number)
        seen = device.await_call()
        end = next(one for one in device.listener.ends
                   if f"INVITE sips:{number}@".encode() in one.plain_in)
        names = dict(part[0] for part in end.tls.getpeercert()["subject"])
        seen.refuse(486)
        call.await_refusal(486)
        assert names["commonName"] == shown, number
    assert len(device.listener.ends) == 3
