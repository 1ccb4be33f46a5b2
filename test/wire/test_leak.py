# SPDX-License-Identifier: Apache-2.0
"""No leak after 1,000 calls: counters back to zero, resident memory flat."""
import socket

import pytest

from kit.crowd import client_hello


PASTS = 2100  # by then the story of each call takes the place of an older one


@pytest.mark.limit(180)
def test_a_thousand_calls_leave_nothing(bench, plain_binary):
    device, entry = bench.device("5000", "sip")
    bench.start([entry], program=plain_binary)
    caller = bench.phone("7789", "TLS")
    resident = {}
    for number in range(1, PASTS + 1001):
        call, seen = bench.talk(caller, device)
        bench.hang_up(*((call, seen) if number % 2 else (seen, call)))
        for phone in (caller, device):
            phone.forget()
        if number % 100 == 0:  # as many transactions at once in each hundred
            bench.server.await_idle()
            resident[number] = bench.server.resident_kib()
    grown = resident[PASTS + 1000] - resident[PASTS]
    assert grown <= 1024, f"{grown} KiB more after 1,000 calls"
    bench.server.stop()


@pytest.mark.limit(60)
def test_many_connections_leave_nothing(bench, plain_binary):
    """Handshakes that come and go: flows and memory are given back."""
    bench.start([bench.device("5000", "sip")[1]], program=plain_binary)
    before = bench.server.counters()["flows"]
    resident = {}
    for number in range(1, 401):
        phone = bench.phone("x", "TLS")
        phone.options()
        phone.close()
        if number in (100, 400):
            bench.server.await_counters(flows=before)
            resident[number] = bench.server.resident_kib()
    assert resident[400] - resident[100] <= 1024, resident
    bench.server.stop()


HALF_OPEN, MUTE_KIB, HALF_KIB = 400, 2, 64


@pytest.mark.limit(60)
def test_half_open_handshakes_are_cheap(bench, plain_binary):
    """T11b: what one takes before its first octet, and when it stops after its ClientHello."""
    bench.start([bench.device("5000", "sip")[1]], program=plain_binary)
    phone = bench.phone("x", "TLS")  # what is made once, at the first handshake
    phone.options()
    phone.close()
    hello, before = client_hello(), bench.server.resident_kib()
    peers = [socket.create_connection(bench.ports["TLS"]) for _ in range(HALF_OPEN)]
    bench.alive("TLS")
    mute = bench.server.resident_kib()
    for peer in peers:
        peer.sendall(hello)
    for peer in peers:
        peer.settimeout(5)
        assert peer.recv(1), "no answer to a ClientHello"
    half = bench.server.resident_kib()
    assert mute - before <= HALF_OPEN * MUTE_KIB, (before, mute)
    assert half - mute <= HALF_OPEN * HALF_KIB, (mute, half)
    assert half > mute, "nothing was measured"
    for peer in peers:
        peer.close()
    bench.alive("TLS")
    bench.server.stop()
