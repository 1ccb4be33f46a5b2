# SPDX-License-Identifier: Apache-2.0
"""The session timer of a leg that we answer: what is agreed (refreshing takes 45 s at least, and
is proven on a clock of its own in test/leg)."""
import pytest

TIMER = ("Supported", "timer")


@pytest.fixture
def line(bench):
    caller, device = bench.line("sips", "sip")
    yield bench, caller, device
    bench.server.await_idle()


def answer_to(bench, caller, device, headers):
    """Calls with these headers; gives the 200."""
    call, seen = bench.talk(caller, device, headers=headers)
    bench.hang_up(call, seen)
    return call.answered


@pytest.mark.parametrize("seconds", ["1", "89"])
def test_too_small_is_422_with_min_se(line, seconds):
    bench, caller, device = line
    final = caller.call("5000", headers=[TIMER, ("Session-Expires", seconds)]).await_refusal(422)
    assert int(final.get("Min-SE")) >= 90
    assert not device.received("INVITE")
    again = caller.call("5000", headers=[TIMER, ("Session-Expires", final.get("Min-SE"))])
    device.await_call().refuse(486)
    again.await_refusal(486)


def test_too_small_without_the_extension_is_no_422(line):
    """A caller that does not know the timer cannot be asked to change it."""
    bench, caller, device = line
    call = caller.call("5000", headers=[("Session-Expires", "60")])
    device.await_call().refuse(486)
    call.await_refusal(486)


def test_we_refresh_what_nobody_asked_to(line):
    bench, caller, device = line
    answer = answer_to(bench, caller, device, [TIMER, ("Session-Expires", "1800")])
    assert answer.get("Session-Expires") == "1800;refresher=uas"
    assert "timer" not in answer.tokens("Require") and "timer" in answer.tokens("Supported")


def test_the_callers_choice_of_refresher_binds(line):
    bench, caller, device = line
    answer = answer_to(bench, caller, device, [TIMER, ("Session-Expires", "1800;refresher=uac")])
    assert answer.get("Session-Expires") == "1800;refresher=uac"
    assert "timer" in answer.tokens("Require")
    answer = answer_to(bench, caller, device, [TIMER, ("Session-Expires", "600;refresher=uas")])
    assert answer.get("Session-Expires") == "600;refresher=uas"


@pytest.mark.parametrize("asked,low", [("90", 90), ("1000", 90), ("7200", 600)])
def test_the_answer_stays_between_the_bounds(line, asked, low):
    """Never above what was asked, never below its Min-SE."""
    bench, caller, device = line
    answer = answer_to(bench, caller, device, [TIMER, ("Session-Expires", asked),
                                               ("Min-SE", str(low))])
    assert low <= int(answer.get("Session-Expires").partition(";")[0]) <= int(asked)


def test_a_caller_without_the_timer_is_not_made_to_refresh(line):
    bench, caller, device = line
    answer = answer_to(bench, caller, device, [])
    value = answer.get("Session-Expires")
    assert value is None or value.endswith("refresher=uas")
    assert "timer" not in answer.tokens("Require")


def test_the_device_leg_has_a_timer_of_its_own(line):
    """What the device agreed to is not shown to the caller, and its 422 neither."""
    bench, caller, device = line
    call = caller.call("5000", headers=[TIMER, ("Session-Expires", "1800")])
    seen = device.await_call()
    seen.answer(headers=[("Session-Expires", "400;refresher=uas"), ("Require", "timer")],
                ack=False)
    answer = call.await_answer()
    assert answer.get("Session-Expires") == "1800;refresher=uas"
    seen.await_ack()
    bench.hang_up(call, seen)


def test_a_refresh_by_the_caller_is_answered(line):
    """An UPDATE without SDP, or a re-INVITE: answered with the timer in it, the call lives."""
    bench, caller, device = line
    call, seen = bench.talk(caller, device, headers=[TIMER,
                                                     ("Session-Expires", "1800;refresher=uac")])
    refresh = [TIMER, ("Session-Expires", "1800;refresher=uac")]
    final = call.request("UPDATE", contact=True, headers=refresh).await_final()
    assert final.status in (200, 405)
    if final.status == 200:
        assert final.get("Session-Expires") == "1800;refresher=uac"
        assert final.address("Contact").uri.scheme == "sips"
    bench.hang_up(call, seen)
