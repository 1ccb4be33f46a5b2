# SPDX-License-Identifier: Apache-2.0
"""Phones beside who only wants to keep the server busy: a crowd that stops half way through its
handshakes (threat T11), and more ClientHellos than can be answered at once (T12). How long they
wait is measured by bench/run-flood; here nobody is lost."""
import os
import re
import resource
import sys

import pytest

from kit import crowd
from kit.call import sdp
from kit.program import Program
from kit.server import binary

DESCRIPTORS_KEPT = 200  # for all that a test has open beside a crowd

FEW_DESCRIPTORS, HELLOS = 420, 1200

REGISTERS = [{"number": number, "type": "extension", "contact": "*"} for number in ("7001", "7002")]


def gather(bench, count, *words):
    """A crowd of that many in a process of its own, once each stands or was closed."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard not in (resource.RLIM_INFINITY, -1) and hard < count + DESCRIPTORS_KEPT:
        pytest.skip(f"{hard} descriptors are too few for {count} connections")
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    try:
        program = Program(bench.loop, [sys.executable, crowd.__file__, *words,
                                       *map(str, bench.ports["TLS"]), count], "crowd", stdin=True)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    bench.programs.append(program)
    return program


def ask(program):
    start = len(program.lines)
    program.say("?")
    line = program.await_line("^standing=", 5, start).string
    return {name: int(value) for name, value in re.findall(r"([a-z-]+)=(\d+)", line)}


def await_all(bench, program, seconds=30, closed=0):
    """Until nobody is on the way any more, and so many have seen that they were closed; gives how
    many stand where."""
    last = {}

    def look():
        last.update(ask(program))
        return (last["coming"] == 0 and last["closed"] >= closed) or bench.loop.turn(0.05)
    bench.loop.wait(lambda: f"a crowd, of which {last}", look, seconds)
    return last


@pytest.mark.limit(60)
def test_each_connection_has_room_for_its_key(bench, plain_binary):
    """More handshakes under way than the memory for keys once had cells: nobody is refused."""
    bench.start(REGISTERS, program=plain_binary)
    many = gather(bench, 4200, "--stages", "hello")
    await_all(bench, many)
    bench.phone("7001", "TLS").register()
    many.kill()
    assert "tls-fault" not in bench.server.log(), "a handshake failed for want of memory"


def few_descriptors(bench):
    """The server as a program that is given few descriptors."""
    path = os.path.join(bench.folder, "sipward-few")
    with open(path, "w", encoding="ascii") as file:
        file.write(f'#!/bin/sh\nulimit -n {FEW_DESCRIPTORS}\n'
                   f'exec "{os.path.abspath(binary())}" "$@"\n')
    os.chmod(path, 0o755)
    return path


def talk_in_call(one, other, version):
    """An INFO and a re-INVITE, both answered by the other side."""
    tx = one.request("INFO", body=b"Signal=1", content_type="application/dtmf-relay")
    other.respond(other.await_request("INFO"), 200)
    tx.await_final(200)
    tx = one.reinvite(sdp(version=version))
    request = other.await_reinvite()
    other.respond(request, 200, body=sdp(port=42000, version=version), contact=other.phone.contact)
    one.finish_reinvite(tx)
    number = request.cseq[0]
    other.phone.loop.wait("ACK of the re-INVITE",
                          lambda: any(ack.cseq[0] == number for ack in other.acks))


def live_beside(bench, standing, device):
    """Over connections that stand and over new ones: registers, calls a phone that came and a
    device that is dialled, and hangs up."""
    called = bench.phone("7002", "TLS")
    called.register()
    for _ in range(3):
        standing.register()
        newcomer = bench.phone("7001", "TLS")
        newcomer.options()
        for phone, number in ((called, "7002"), (device, "5000")):
            call, seen = bench.talk(newcomer, phone, number)
            talk_in_call(call, seen, 2)
            bench.hang_up(seen, call)
        newcomer.close()
    call, seen = bench.talk(standing, called, "7002")
    bench.hang_up(call, seen)
    assert not standing.end.closed and not called.end.closed, "a phone was cut"


# rows: N-robust
def test_phones_beside_a_crowd_at_each_stage(bench):
    device, entry = bench.device("5000", "sips")
    bench.start([entry, *REGISTERS])
    standing = bench.phone("7001", "TLS")
    standing.register()
    many = gather(bench, 30 * len(crowd.STAGES))
    found = await_all(bench, many)
    assert all(found[stage] for stage in crowd.STAGES), found
    live_beside(bench, standing, device)
    many.kill()


@pytest.mark.parametrize("stages", [",".join(crowd.STAGES), "mute", "hello", "no-sip"],
                         ids=["all", "mute", "hello", "no-sip"])
# rows: N-robust
def test_phones_beside_a_crowd_that_has_every_place(bench, stages):
    """More than there are descriptors for: who has shown nothing gives way to who comes, and to
    whom the server dials."""
    device, entry = bench.device("5000", "sips")
    bench.start([entry, *REGISTERS], program=few_descriptors(bench))
    most = int(bench.server.await_line(r"there may be (\d+) connections").group(1))
    assert 100 < most < FEW_DESCRIPTORS
    standing = bench.phone("7001", "TLS")
    standing.register()
    many = gather(bench, most + 100, "--stages", stages)
    await_all(bench, many, closed=100)
    live_beside(bench, standing, device)
    assert "cannot accept" not in bench.server.log()
    many.kill()


# rows: N-robust
def test_calls_beside_a_flood_of_hellos(bench):
    """Calls that are up go on and end while many wait in line for the server's work."""
    device, entry = bench.device("5000", "sip")
    bench.start([entry])
    callers = bench.phone("7001", "TLS"), bench.phone("7002", "UDP")
    calls = [bench.talk(caller, device) for caller in callers for _ in range(2)]
    flood = gather(bench, HELLOS, "--stages", "hello", "--at-once", HELLOS // 2)
    bench.loop.wait("the flood", lambda: ask(flood)["hello"])
    for version in (2, 3):
        for one, other in calls:
            talk_in_call(*((one, other) if version == 2 else (other, one)), version)
    for number, (one, other) in enumerate(calls):
        bench.hang_up(*((one, other) if number % 2 else (other, one)))
    found = await_all(bench, flood)
    assert found["hello"] + found["closed"] == HELLOS, found
    flood.kill()
