# SPDX-License-Identifier: Apache-2.0
"""Each kind of contact there can be: what leaves first, and to which port, or why it is refused."""
import itertools
import re

import pytest

from kit.server import config_text, run_check
from kit.wire import Deaf

SCHEMES = ("sip", "sips")
TRANSPORTS = ("", "udp", "tcp", "tls", "sctp", "ws")
PORT = 5090
CLEAR, TLS = b"I", b"\x16"  # INVITE, ClientHello

# Of a scheme and a transport: the kind of socket, the first octet, the usual port; None: refused.
CELLS = {
    ("sip", ""): ("UDP", CLEAR, 5060), ("sip", "udp"): ("UDP", CLEAR, 5060),
    ("sip", "tcp"): ("TCP", CLEAR, 5060), ("sip", "tls"): ("TCP", TLS, 5061),
    ("sip", "sctp"): None, ("sip", "ws"): None,
    ("sips", ""): ("TCP", TLS, 5061), ("sips", "udp"): None,
    ("sips", "tcp"): ("TCP", TLS, 5061), ("sips", "tls"): ("TCP", TLS, 5061),
    ("sips", "sctp"): None, ("sips", "ws"): None,
}


def all_cells():
    """(scheme, transport, with a port, a name, number) of each of the 48."""
    for number, cell in enumerate(itertools.product(SCHEMES, TRANSPORTS, (False, True),
                                                    (False, True))):
        yield (*cell, number)


def contact_of(scheme, transport, has_port, is_name, number):
    host = f"cell{number}.test" if is_name else f"127.0.1.{number + 1}"
    return (f"{scheme}:{host}" + (f":{PORT}" if has_port else "")
            + (f";transport={transport}" if transport else ""))


class Watch:
    """All that may come to one address."""

    def __init__(self, loop, host):
        self.ports = {port: Deaf(loop, host, port) for port in (5060, 5061, PORT)}

    def seen(self):
        """{(kind of socket, first octet, port)} of all that has come."""
        found = set()
        for port, deaf in self.ports.items():
            found |= {("UDP", data[:1], port) for data in deaf.datagrams.datagrams}
            found |= {("TCP", bytes(end.raw_in[:1]), port) for end in deaf.connections.ends}
        return found


# rows: R3261-26.2.2-a R3261-19.1.1-b
@pytest.mark.limit(60)
def test_each_cell_leaves_as_it_says(bench, resolver):
    good = [cell for cell in all_cells() if CELLS[cell[:2]]]
    assert len(good) == 28
    program, address = resolver(*(f"--host-record=cell{cell[4]}.test,127.0.1.{cell[4] + 1}"
                                  for cell in good))
    watches = {cell: Watch(bench.loop, f"127.0.1.{cell[4] + 1}") for cell in good}
    bench.start([{"number": 6000 + cell[4], "type": "extension", "contact": contact_of(*cell)}
                 for cell in good], resolver=address)
    caller = bench.phone("7789")
    calls = [caller.call(str(6000 + cell[4])) for cell in good]
    bench.loop.wait("an octet in each cell", lambda: all(
        watch.seen() and all(octet for _kind, octet, _port in watch.seen())
        for watch in watches.values()), 20)
    bench.alive()
    for cell, watch in watches.items():
        kind, octet, port = CELLS[cell[:2]]
        expected = {(kind, octet, PORT if cell[2] else port)}
        assert watch.seen() == expected, (contact_of(*cell), watch.seen())
    for call in calls:
        assert not call.tx.final or call.tx.final.status in (480, 500, 503), call.tx.final
    # What is asked of DNS, cell by cell: a name with a port its addresses, without one its
    # services, of sips those of sips; an address nothing.
    for scheme, transport, has_port, is_name, number in good:
        asked = {re.sub(rf"cell{number}\.test$", "", name): kind for kind, name in re.findall(
            rf"query\[(\w+)\] (\S*\bcell{number}\.test) from", program.text())}
        services = {name for name in asked if name}
        if not is_name:
            assert not asked
        elif has_port:
            assert set(asked) == {""} and not services
        elif scheme == "sips" or transport == "tls":
            assert services == {"_sips._tcp."}
        else:
            assert services == ({f"_sip._{transport}."} if transport
                                else {"_sip._udp.", "_sip._tcp."})


# rows: R3261-19.1.1-b R4168-a
def test_each_other_cell_is_refused(tmp_path, shop):
    """In one file: 20 contacts, 20 errors, each with the transport that it has none of."""
    bad = [cell for cell in all_cells() if not CELLS[cell[:2]]]
    assert len(bad) == 20
    path = tmp_path / "sipward.yaml"
    path.write_text(config_text(
        ["sips:127.0.0.1:5061", "sip:127.0.0.1:5060;transport=udp"],
        [{"number": 6000 + cell[4], "type": "extension", "contact": contact_of(*cell)}
         for cell in bad], identity=shop.server, trust=shop.authority.certificate),
        encoding="utf-8")
    code, output = run_check(path)
    errors = re.findall(rf"{re.escape(str(path))}:\d+:\d+: error: (.+)", output)
    assert code == 6 and len(errors) == 20, output
    for cell, error in zip(bad, errors):
        assert "transport" in error, error
        assert (cell[:2] == ("sips", "udp")) == ("sips cannot use transport=udp" in error)
