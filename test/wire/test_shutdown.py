# SPDX-License-Identifier: Apache-2.0
"""How the server starts, tells its counters, and ends."""
import signal
import socket
import subprocess

import pytest

from kit.server import Server, binary


@pytest.mark.parametrize("a_side,b_side", [("sips", "sip"), ("sip", "sips")])
def test_sigterm_hangs_up_on_both_legs(bench, a_side, b_side):
    caller, device = bench.line(a_side, b_side)
    calls = [bench.talk(caller, device) for _ in range(3)]
    assert bench.server.counters()["calls"] == 3 and bench.server.counters()["legs"] == 6
    for call, seen in calls:
        call.auto_bye = seen.auto_bye = True
    bench.server.stop()
    for call, seen in calls:
        assert len(call.byes) == 1 and len(seen.byes) == 1
    bench.check_legs(caller, device)


def test_sigterm_ends_a_ringing_call(bench):
    """The device hears CANCEL, the caller a final answer, and the exit is clean."""
    caller, device = bench.line("sips", "sip")
    call = caller.call("5000")
    seen = device.await_call()
    seen.ring()
    call.await_ringing()
    bench.server.terminate()
    seen.await_cancel()
    assert 400 <= call.tx.await_final().status <= 699
    bench.server.stop()


def test_a_phone_that_does_not_answer_does_not_keep_the_server(bench):
    """BYE comes again over UDP, in vain: the exit waits for its timers at most."""
    caller, device = bench.line("sip", "sip")
    call, seen = bench.talk(caller, device)
    call.auto_bye = True
    bench.server.stop(10)
    assert call.byes and not seen.byes


def test_registrations_do_not_keep_the_server(bench):
    bench.start([{"number": "5000", "type": "extension", "contact": "*"}])
    phone = bench.phone("5000", "TLS")
    phone.register(600)
    bench.server.stop()
    bench.loop.wait("the end of the connection", lambda: phone.end.closed)


def test_the_counters_line(bench):
    caller, device = bench.line("sips", "sip")
    idle = bench.server.counters()
    assert list(idle)[:6] == ["calls", "legs", "transactions", "timers", "flows", "bindings"]
    assert all(idle[name] == 0 for name in ("calls", "legs", "transactions", "timers"))
    call, seen = bench.talk(caller, device)
    busy = bench.server.counters()
    assert busy["calls"] == 1 and busy["legs"] == 2 and busy["timers"] >= 1
    bench.hang_up(call, seen)
    bench.server.await_idle()


def test_ready_is_one_line_on_stderr(bench, tmp_path):
    """And nothing at all is written to stdout."""
    text = bench.text([bench.device("5000", "sip")[1]])
    path = tmp_path / "sipward.yaml"
    path.write_text(text, encoding="utf-8")
    with open(tmp_path / "out", "wb") as out:
        child = subprocess.Popen([binary(), "serve", "-c", str(path)], stdout=out,
                                 stderr=subprocess.PIPE, stdin=subprocess.DEVNULL)
    try:
        lines = []
        for line in child.stderr:
            lines.append(line)
            if line.strip() == b"sipward: ready":
                break
        bench.alive("TLS")
        child.send_signal(signal.SIGTERM)
        rest = child.stderr.read()
        assert child.wait(10) == 0
    finally:
        child.kill()
        child.wait()
        child.stderr.close()
    assert lines and lines[-1].strip() == b"sipward: ready" and b"sipward: ready" not in rest
    assert (tmp_path / "out").read_bytes() == b""


def test_a_port_that_is_taken_stops_the_start(bench, tmp_path):
    text = bench.text([bench.device("5000", "sip")[1]])
    with socket.socket() as taken:
        taken.bind(bench.ports["TCP"])
        taken.listen()
        server = Server(bench.loop, tmp_path, text)
        server.forgiven = True
        bench.servers.append(server)
        assert server.program.await_end(10) != 0
    assert str(bench.ports["TCP"][1]) in server.log()
    assert "sipward: ready" not in server.log()


def test_sigint_ends_it_too(bench):
    bench.start([bench.device("5000", "sip")[1]])
    bench.server.program.signal(signal.SIGINT)
    assert bench.server.program.await_end(10) == 0
    bench.server.forgiven = True


def test_the_same_port_again_at_once(bench):
    """A restart does not wait for old connections to be forgotten."""
    text = bench.text([bench.device("5000", "sip")[1]])
    for _ in range(2):
        bench.start_text(text)
        phone = bench.phone("1", "TLS")
        phone.options()
        bench.server.stop()


@pytest.mark.parametrize("words", [[], ["serve"], ["check"], ["nonsense"], ["serve", "-x"]])
def test_a_wrong_command_line_says_what_is_right(words):
    done = subprocess.run([binary(), *words], capture_output=True, timeout=10,
                          stdin=subprocess.DEVNULL)
    assert done.returncode != 0 and done.returncode < 128
    assert b"sipward" in done.stderr + done.stdout and b"serve" in done.stderr + done.stdout
