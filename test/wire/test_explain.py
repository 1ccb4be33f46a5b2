# SPDX-License-Identifier: Apache-2.0
"""Why a call goes as it goes: asked before it is made, and when it was; and what crosses how often."""
import re

import pytest

from kit.asks import Window

SIDES = [(a, b) for a in ("sips", "sip") for b in ("sips", "sip")]
CALLER = {"number": "7789", "type": "extension", "contact": "*"}


@pytest.fixture
def window():
    view = Window()
    yield view
    view.close()


def line(bench, window, a_side, b_side, **more):
    """A caller who is registered, and a device."""
    caller, device = bench.line(a_side, b_side, dn=[CALLER], admin=window.path, **more)
    caller.register(600)
    return caller, device


def parts(answer, side):
    legs = [leg for leg in answer["legs"] if leg["side"] == side]
    assert len(legs) == 1
    return legs[0], {part["part"]: part for part in legs[0]["parts"]}


def bare(value):
    """A header's value without its tag, its branch and its display name."""
    return re.sub(r'^"[^"]*" ', "", re.sub(r";(tag|branch)=[^;]*", "", value))


def same_as_sent(told, invite):
    """What was told is what stands in the INVITE."""
    assert told["Request-URI"]["value"] == invite.uri
    for name in ("From", "To", "Contact", "Via"):
        assert bare(told[name]["value"]) == bare(invite.get(name)), name
    assert told["Route"]["value"] == (invite.get("Route") or "none")
    assert all(part["rule"] and part["why"] for part in told.values())


@pytest.mark.parametrize("a_side,b_side", SIDES)
def test_what_is_told_is_what_is_sent(bench, window, a_side, b_side):
    caller, device = line(bench, window, a_side, b_side)
    before = window.json("route-test", "--from", "7789", "--to", "5000")
    assert before["schema"] == "route/1" and before["outcome"] == "placed"
    assert [mode["mode"] for mode in before["modes"]] == ["per-leg", "observe", "no-downgrade",
                                                         "strict"]
    call, seen = bench.talk(caller, device)
    leg, told = parts(before, "callee")
    assert leg["scheme"] == b_side
    same_as_sent(told, seen.invite)
    leg, told = parts(before, "caller")
    assert leg["scheme"] == a_side
    assert told["Contact"]["value"] == bare(call.answered.get("Contact"))

    identifier = window.json("show", "calls")["items"][0]["call"]
    for name in (identifier, identifier[-6:]):
        why = window.json("why", name)
        assert why["call"] == identifier and why["state"] == "going on"
    same_as_sent(parts(why, "callee")[1], seen.invite)
    assert bare(parts(why, "caller")[1]["Contact"]["value"]) == bare(call.answered.get("Contact"))
    bench.hang_up(call, seen)
    bench.server.await_idle()
    why = window.json("why", identifier)
    assert why["state"] == "over" and why["sip_code"] == 200 and why["end"]
    assert why["crossing"] == {("sips", "sip"): "down", ("sip", "sips"): "up"}.get(
        (a_side, b_side), "none")
    assert why["modes"] == before["modes"]

    code, text, _errors = window.run("why", identifier)
    assert code == 0 and identifier in text and "\x1b" not in text
    assert ("CROSSING" in text) == (a_side != b_side)
    for words in (["route-test", "--from", "7789", "--to", "5000"],):
        code, text, _errors = window.run(*words)
        assert code == 0 and "would be placed" in text and "every rule" in text


STRICT = {("sips", "sip"): (480, 380), ("sip", "sips"): (480, 381)}


@pytest.mark.parametrize("a_side,b_side", SIDES)
# rows: R3261-20.43-a
def test_under_strict(bench, window, a_side, b_side):
    """What is said to be refused is refused so, and can be asked for afterwards."""
    caller, device = line(bench, window, a_side, b_side, crossing="strict")
    before = window.json("route-test", "--from", "7789", "--to", "5000")
    assert before["mode"] == "strict"
    if (a_side, b_side) not in STRICT:
        assert before["outcome"] == "placed"
        bench.hang_up(*bench.talk(caller, device))
        return
    status, warning = STRICT[a_side, b_side]
    assert (before["outcome"], before["status"], before["warning"]) == ("refused", status, warning)
    final = caller.call("5000").await_refusal(status)
    assert re.fullmatch(rf'{warning} \S+ "SIPS (Not Allowed|Required)"', final.get("Warning"))
    bench.server.await_line(r"refused with 480: .*: call \w{32}")
    said = re.findall(r"refused with 480: .*: call (\w{32})", bench.server.log())
    assert len(said) == 1
    pairs = window.json("show", "crossings")
    assert pairs["items"][0]["refused"] == 1
    assert {dn["could_be_strict"] for dn in pairs["dns"]} == {"is strict"}
    why = window.json("why", said[0])
    assert why["state"] == "refused" and why["sip_code"] == status
    assert why["modes"] == before["modes"]


def test_refused_calls_are_kept(bench, window):
    caller, _device = line(bench, window, "sip", "sip")
    caller.call("4711").await_refusal(404)
    route = window.json("route-test", "--from", "7789", "--to", "4711")
    assert (route["outcome"], route["status"]) == ("refused", 404) and route["legs"] == []
    assert any(rule["rule"] == "number" and "no DN" in rule["result"] for rule in route["tried"])
    assert window.run("why", "x" * 32)[0] == 3
    assert window.run("why", "")[0] == 3
    assert window.run("route-test", "--from", "7789")[0] == 2


def test_who_could_be_strict(bench, window):
    caller, device = line(bench, window, "sips", "sip", crossing="observe")
    other = bench.phone("7790", "UDP")
    bench.hang_up(*bench.talk(caller, device))
    bench.hang_up(*bench.talk(other, device))
    shown = window.json("show", "crossings")
    pairs = {(pair["from"], pair["to"]): pair for pair in shown["items"]}
    assert pairs["7789", "5000"]["down"] == 1
    assert pairs["7789", "5000"]["strict_would_refuse"] == 1
    assert pairs["", "5000"]["calls"] == 1 and pairs["", "5000"]["strict_would_refuse"] == 0
    could = {dn["number"]: dn["could_be_strict"] for dn in shown["dns"]}
    assert could == {"7789": "no", "5000": "no"}
    code, text, _errors = window.run("show", "crossings")
    assert code == 0 and "COULD BE STRICT TODAY" in text and "(strangers)" in text
    assert len(window.json("show", "crossings", "7789")["items"]) == 1
