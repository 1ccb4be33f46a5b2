# SPDX-License-Identifier: Apache-2.0
"""Those who look on: the admin socket, and the verbs that ask through it."""
import json
import os
import re
import signal
import stat
import time

import pytest

from kit.asks import Window, run

SELF = {"number": "7789", "type": "extension", "contact": "*"}


@pytest.fixture
def window():
    view = Window()
    yield view
    view.close()


def line(bench, window, a_side="sips", b_side="sip", **more):
    return bench.line(a_side, b_side, admin=window.path, **more)


def test_status(bench, window):
    caller, device = line(bench, window)
    assert stat.S_IMODE(os.stat(window.path).st_mode) == 0o600
    idle = window.json("status")
    assert idle["schema"] == "status/1" and idle["calls"]["now"] == 0
    assert idle["dns"] == 1 and len(idle["listeners"]) == 3 and not idle["draining"]
    call, seen = bench.talk(caller, device)
    busy = window.json("status")
    assert busy["calls"]["now"] == 1 and busy["calls"]["crossing"] == 1
    code, text, errors = window.run("status")
    assert code == 0 and not errors
    assert re.match(r"sipward \S+  up \d+s  since 20\d\d-", text)
    assert "calls 1 (secure 0, crossing 1, plain 0)  answered 1 of 1" in text
    assert text.count("listening on 127.0.0.1:") == 3
    bench.hang_up(call, seen)
    bench.server.stop()
    assert not os.path.exists(window.path)


@pytest.mark.parametrize("a_side,b_side,crossing", [("sips", "sip", "down"), ("sip", "sips", "up"),
                                                    ("sip", "sip", "none")])
def test_a_call_and_its_legs(bench, window, a_side, b_side, crossing):
    caller, device = line(bench, window, a_side, b_side)
    call, seen = bench.talk(caller, device)
    items = window.json("show", "calls")["items"]
    assert len(items) == 1
    shown = items[0]
    assert shown["state"] == "up" and shown["crossing"] == crossing and shown["to"] == "5000"
    for leg, side, name in ((shown["legs"][0], a_side, "caller"),
                            (shown["legs"][1], b_side, "callee")):
        assert leg["side"] == name and leg["scheme"] == side
        assert leg["transport"] == ("TLS" if side == "sips" else "UDP")
        assert ("tls_version" in leg) == (side == "sips")
    assert shown["legs"][0]["call_id"] == call.call_id
    assert shown["legs"][1]["call_id"] == seen.call_id
    if b_side == "sips":
        assert shown["legs"][1]["verified_by"] == "name"
        assert len(shown["legs"][1]["cert_sha256"]) == 64

    code, text, _errors = window.run("show", "calls")
    rows = text.splitlines()
    assert code == 0 and len(rows) == 2 and rows[0].startswith("CALL ")
    assert rows[1].startswith(shown["call"])
    assert all(len(row.rstrip()) > row.index("CALLER") for row in rows[:1])
    code, text, _errors = window.run("call", shown["call"])
    assert code == 0 and text.startswith(f"call {shown['call']}  ")
    assert {"down": "CROSSING: sips to this server, then sip to the callee",
            "up": "CROSSING: sip to this server, then sips to the callee",
            "none": "no crossing"}[crossing] in text
    same = window.json("call", shown["call"])
    assert same["schema"] == "call/1" and same["legs"] == shown["legs"]
    assert len(window.json("show", "calls", "5000")["items"]) == 1
    assert window.json("show", "calls", "5001")["items"] == []
    bench.hang_up(call, seen)
    bench.server.await_idle()
    assert window.json("show", "calls")["items"] == []
    assert window.run("call", shown["call"])[0] == 3


def test_registrations(bench, window):
    bench.start([{**SELF, "password": "secret"}, {**SELF, "number": "7790"}], admin=window.path)
    one, other = bench.phone("7789", "TLS"), bench.phone("7790", "UDP")
    one.register(600, password="secret")
    other.register(600)
    items = {item["number"]: item for item in window.json("show", "registrations")["items"]}
    assert items["7789"]["verified_by"] == "digest" and items["7789"]["scheme"] == "sips"
    assert items["7790"]["verified_by"] == "none" and items["7790"]["transport"] == "UDP"
    code, text, _errors = window.run("show", "registrations", "7789")
    assert code == 0 and len(text.splitlines()) == 2 and "digest" in text
    assert "secret" not in json.dumps(window.get("/v1/registrations"))


def test_pages(bench, window):
    """More calls than a page holds: each is shown once."""
    caller, device = line(bench, window, "sip", "sip")
    calls = [caller.call("5000") for _ in range(12)]
    seen = [device.await_call() for _ in calls]
    text = window.run("show", "calls", "--json")[1]
    assert len({item["call"] for item in json.loads(text)["items"]}) == 12
    assert len(window.get("/v1/calls?cursor=5")["items"]) == 7
    for one in seen:
        one.refuse(486) if hasattr(one, "refuse") else one.respond(one.invite, 486)
    bench.server.await_idle()


def test_a_peer_does_not_drive_the_terminal(bench, window):
    caller, device = line(bench, window, "sip", "sip")
    evil = bench.phone("ev%1b%5b2Jil", "UDP")
    call, seen = bench.talk(evil, device)
    code, text, _errors = window.run("show", "calls")
    assert code == 0 and "\x1b" not in text
    assert "\x1b" not in window.run("show", "calls", "--json")[1]
    bench.hang_up(call, seen)


def test_exit_codes(bench, window, tmp_path):
    code, _text, errors = window.run("status")
    assert code == 4 and "no server answers here" in errors
    bench.start([SELF], admin=window.path)
    assert window.run("call", "0" * 32)[0] == 3
    assert window.run("call", "x" * 300)[0] == 3
    for words in (["show"], ["show", "cals"], ["call"], ["call", "a", "b"], ["status", "x"],
                  ["status", "--jsn"]):
        assert window.run(*words)[0] == 2, words
    code, _text, errors = run("sttus")
    assert code == 2 and 'did you mean "status"?' in errors
    assert run("status", "-c", tmp_path / "nothing.yaml")[0] == 6
    assert run("status", "-c", bench.server.path)[0] == 0
    assert run("status", "--socket")[0] == 2


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
def test_who_may_not_ask(bench, window):
    """The mode of the socket keeps others out; who gets through it is asked who he is."""
    bench.start([SELF], admin=window.path)
    done = window.run_as_nobody("status")
    if done is None:
        pytest.skip("somebody else cannot run the server under test")
    assert done[0] == 5, done
    os.chmod(window.path, 0o666)
    code, _text, errors = window.run_as_nobody("status")
    assert code == 5 and "root" in errors


def test_it_is_http(bench, window):
    bench.start([SELF], admin=window.path)
    status, headers, body = window.request("/v1/status")
    assert status == 200 and headers["Content-Type"] == "application/json"
    for target, method, wanted in (("/v1/none", "GET", 404), ("/v1/calls?x=1", "GET", 400),
                                   ("/v1/status", "POST", 405), ("/v1/calls/x", "DELETE", 405),
                                   ("/v1/reload", "GET", 405), ("/v1/reload", "PUT", 405)):
        status, headers, body = window.request(target, method)
        assert status == wanted
        assert headers["Content-Type"] == "application/problem+json"
        assert json.loads(body)["status"] == wanted and json.loads(body)["detail"]
        if wanted == 405:
            assert headers["Allow"] == ("POST" if target == "/v1/reload" else "GET, HEAD")


def test_a_server_that_was_killed_leaves_a_socket_behind(bench, window):
    first = bench.start([SELF], admin=window.path)
    first.program.kill()
    first.stopped = True
    assert os.path.exists(window.path) and window.run("status")[0] == 4
    bench.start([SELF], admin=window.path)
    assert window.run("status")[0] == 0


def test_what_is_not_a_socket_is_left_alone(bench, window):
    with open(window.path, "w", encoding="ascii") as file:
        file.write("precious")
    text = bench.text([SELF], admin=window.path)
    folder = os.path.join(bench.folder, "c.yaml")
    with open(folder, "w", encoding="utf-8") as file:
        file.write(text)
    code, _text, errors = run("serve", "-c", folder)
    assert code == 1 and "something else is there" in errors
    with open(window.path, encoding="ascii") as file:
        assert file.read() == "precious"


def test_looking_holds_up_nobody(bench, window):
    """While a server is asked on and on, calls go through; and its recording replays."""
    caller, device = line(bench, window, words=["--record", os.path.join(bench.folder, "run")])
    until, asked = time.monotonic() + 1.5, 0
    while time.monotonic() < until:
        call, seen = bench.talk(caller, device)
        for target in ("/v1/status", "/v1/calls", "/v1/registrations"):
            window.get(target)
            asked += 1
        bench.hang_up(call, seen)
    assert asked >= 9
    bench.server.stop()
    from kit.server import replay
    done = replay(os.path.join(bench.folder, "run"))
    assert done is None or (done[0] == 0 and "the same:" in done[1]), done


def test_a_server_that_ends_says_so(bench, window):
    caller, device = line(bench, window, "sip", "sip")
    call, _seen = bench.talk(caller, device)
    call.auto_bye = True
    bench.server.program.signal(signal.SIGTERM)
    bench.server.told_at = len(bench.server.lines)
    assert window.run("status")[0] in (0, 4)
    bench.server.stop()
    assert window.run("status")[0] == 4
