# SPDX-License-Identifier: Apache-2.0
"""`sipward demo`, as a user runs it."""
import glob
import os
import re
import signal
import subprocess
import time

import pytest

from kit.server import binary


def run(tmp_path, *words):
    env = dict(os.environ, TMPDIR=str(tmp_path))
    return subprocess.run([binary(), "demo", *words], env=env, text=True, timeout=15,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)


@pytest.fixture(scope="module")
def shown(tmp_path_factory):
    folder = tmp_path_factory.mktemp("demo")
    started = time.monotonic()
    done = run(folder)
    assert done.returncode == 0, done.stdout + done.stderr
    assert time.monotonic() - started < 15
    assert glob.glob(f"{folder}/*") == [], "the throw-away folder was left behind"
    return done.stdout


def part(text, start, end=None):
    """What stands between the line that begins with START and the one that begins with END."""
    found = re.search(rf"^{re.escape(start)}.*?\n(.*?)(?=^{re.escape(end)}|\Z)" if end else
                      rf"^{re.escape(start)}.*?\n(.*)\Z", text, re.M | re.S)
    assert found, f"{start!r} was not printed:\n{text}"
    return found.group(1)


def rows(text):
    """The last table: {what: (caller, callee)}."""
    found = re.findall(r"^  (\S.*?) {2,}(\S.*?) {2,}(\S.*)$", text, re.M)
    return {what: (caller, callee) for what, caller, callee in found}


def test_registers_both(shown):
    ladder = part(shown, "Two phones register", "Call 1")
    assert "REGISTER sips:demo.example" in ladder
    assert "REGISTER sip:demo.example" in ladder
    assert ladder.count("200 OK (REGISTER)") == 2


@pytest.mark.parametrize("number, caller, callee", [(1, "7789", "5000"), (2, "5000", "7789")])
def test_shows_each_call(shown, number, caller, callee):
    ladder = part(shown, f"Call {number}: {caller} calls {callee}", "The INVITE")
    for scheme in ("sips", "sip"):
        assert f"INVITE {scheme}:{callee}@" in ladder
    for answer in ("180 Ringing (INVITE)", "200 OK (INVITE)", "200 OK (BYE)"):
        assert ladder.count(answer) == 2, answer
    assert len(re.findall(r"[-<] ACK sips?:", ladder)) == 3  # one of a challenge, two of a 200
    assert len(re.findall(r"[-<] BYE sips?:", ladder)) == 2


@pytest.mark.parametrize("number, secure", [(1, 0), (2, 1)])
def test_shows_the_security_of_each_leg(shown, number, secure):
    table = rows(part(shown, f"How the legs of call {number} were secured", "Call 2"
                      if number == 1 else "What sipward wrote"))
    plain = 1 - secure
    assert (table["scheme"][secure], table["scheme"][plain]) == ("sips", "sip")
    assert (table["transport"][secure], table["transport"][plain]) == ("TLS", "UDP")
    assert re.fullmatch(r"TLSv1\.[23]", table["TLS version"][secure])
    assert table["TLS version"][plain] == "none"
    assert table["cipher"][secure] != "none"
    assert table["verified name of sipward"][secure] == "demo.example"
    assert table["verified name of sipward"][plain] == "none"


def test_header_sets_stand_side_by_side(shown):
    pairs = part(shown, "The INVITE of call 1", "How the legs")
    split = [(line[2:46], line[49:]) for line in pairs.split("\n") if len(line) > 47]
    caller = "\n".join(left for left, _ in split)
    callee = "\n".join(right for _, right in split)
    assert "From: <sips:7789@" in caller and "Via: SIP/2.0/TLS" in caller
    assert "From: <sip:7789@" in callee and "Via: SIP/2.0/UDP" in callee
    assert "sips" not in callee
    assert "X-Genesys-CallUUID" in callee


def test_shows_what_the_server_saw(shown):
    """The server's own record of each leg agrees with what the phones know."""
    log = part(shown, "What sipward wrote")
    lines = [line for line in log.split("\n") if " answered: " in line]
    assert len(lines) == 2
    for line in lines:
        assert re.search(r"7789 \[sips/TLS TLSv1\.[23] \S+ verified=digest:7789\]", line), line
        assert "5000 [sip/UDP" in line


def test_prints_plain_lines(shown):
    assert re.search(r"[^\n\x20-\x7e]", shown) is None


def test_refuses_what_it_does_not_know(tmp_path):
    assert run(tmp_path, "--fast").returncode == 2


def test_says_why_it_failed(tmp_path):
    done = run(tmp_path / "not-there")
    assert done.returncode == 1
    assert "not-there" in done.stderr.strip().split("\n")[-1]


def test_cleans_up_when_it_is_stopped(tmp_path):
    process = subprocess.Popen([binary(), "demo"], env=dict(os.environ, TMPDIR=str(tmp_path)),
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    process.send_signal(signal.SIGTERM)
    process.wait(15)
    assert glob.glob(f"{tmp_path}/*") == []
