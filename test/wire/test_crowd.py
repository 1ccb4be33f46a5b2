# SPDX-License-Identifier: Apache-2.0
"""Phones beside a crowd that stops half way through its handshakes."""
import re
import resource
import sys

import pytest

from kit import crowd
from kit.program import Program

DESCRIPTORS_KEPT = 200  # for all that a test has open beside a crowd

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


def await_all(bench, program, seconds=30):
    """Until nobody is on the way any more; gives how many stand where."""
    last = {}

    def look():
        last.update(ask(program))
        return last["coming"] == 0 or bench.loop.turn(0.05)
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
