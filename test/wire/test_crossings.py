# SPDX-License-Identifier: Apache-2.0
"""Four crossings times what can become of a call: headers right on both legs, nothing left."""
import pytest

from kit import rules

SIDES = [(a, b) for a in ("sips", "sip") for b in ("sips", "sip")]


def end_by_caller(bench, caller, device):
    call, seen = bench.talk(caller, device)
    bench.hang_up(call, seen)


def end_by_callee(bench, caller, device):
    call, seen = bench.talk(caller, device)
    bench.hang_up(seen, call)


def cancelled(bench, caller, device):
    call = caller.call("5000")
    seen = device.await_call()
    seen.ring()
    call.await_ringing()
    cancel = call.send_cancel()
    came = seen.await_cancel()
    assert came.uri == seen.invite.uri, "CANCEL must repeat the Request-URI"
    done, final = cancel.await_final(200), call.await_refusal(487)
    assert done.address("To").tag == final.address("To").tag


def refused(bench, caller, device):
    call = caller.call("5000")
    seen = device.await_call()
    ack = seen.refuse(486)
    assert ack.via.branch == seen.invite.via.branch and ack.uri == seen.invite.uri
    call.await_refusal(486)


def held_by_caller(bench, caller, device):
    call, seen = bench.talk(caller, device)
    call.hold(seen)
    call.resume(seen)
    bench.hang_up(call, seen)


def held_by_callee(bench, caller, device):
    call, seen = bench.talk(caller, device)
    call.await_heard()
    seen.hold(call)
    seen.resume(call)
    bench.hang_up(seen, call)


ENDS = [end_by_caller, end_by_callee, cancelled, refused, held_by_caller, held_by_callee]


@pytest.mark.parametrize("what", ENDS, ids=lambda f: f.__name__)
@pytest.mark.parametrize("a_side,b_side", SIDES)
# rows: S6 R3261-9.1-a R3261-12.2-d
def test_crossing(bench, a_side, b_side, what):
    caller, device = bench.line(a_side, b_side)
    what(bench, caller, device)
    bench.check_legs(caller, device)
    uuids = rules.call_uuids(caller) | rules.call_uuids(device)
    assert len(uuids) <= 1, f"one call, several UUIDs: {uuids}"
    assert not caller.strays and not device.strays
    bench.server.await_idle()


@pytest.mark.parametrize("a_transport,a_side", [("TCP", "sip"), ("TLS", "sip"), ("TLS", "sips")])
@pytest.mark.parametrize("b_transport,b_side", [("TCP", "sip"), ("TLS", "sip"), ("UDP", "sip")])
def test_every_transport_bridges(bench, a_transport, a_side, b_transport, b_side):
    """sip over TCP and sip over TLS are legs of their own kind: Via and Contact say so."""
    caller, device = bench.line(a_side, b_side, a_transport=a_transport, b_transport=b_transport)
    call, seen = bench.talk(caller, device)
    call.hold(seen)
    bench.hang_up(seen, call)
    bench.check_legs(caller, device)
    bench.server.await_idle()


@pytest.mark.parametrize("a_side,b_side", SIDES)
# rows: S1 S2 S4 R3261-8.1.1-x
def test_initial_requests_name_the_parties(bench, a_side, b_side):
    """S2: the four headers carry the scheme of the device; numbers cross, addresses do not."""
    caller, device = bench.line(a_side, b_side)
    call, seen = bench.talk(caller, device)
    invite = seen.invite
    for uri in (invite.address("From").uri, invite.address("To").uri,
                invite.address("Contact").uri):
        assert uri.scheme == b_side
    assert invite.uri.startswith(f"{b_side}:5000@")
    assert invite.address("From").uri.user == "7789"
    assert call.answered.address("Contact").uri.scheme == a_side
    assert call.answered.address("Contact").uri.user == "5000"
    bench.hang_up(call, seen)


@pytest.mark.parametrize("a_side,b_side", [("sips", "sip"), ("sip", "sips")])
# rows: R3261-12.2.1.1-e
def test_requests_inside_the_dialog_keep_its_addresses(bench, a_side, b_side):
    """From and To of a re-INVITE or BYE are those of the dialog, octet for octet."""
    caller, device = bench.line(a_side, b_side)
    call, seen = bench.talk(caller, device)
    change, _ = call.hold(seen)
    assert change.get("From") == seen.remote and change.get("To") == seen.local
    assert change.uri == device.contact.strip("<>")
    bye = call.request("BYE")
    came = seen.await_bye()
    bye.await_final(200)
    assert came.get("From") == seen.remote and came.get("To") == seen.local
    assert came.cseq[0] > change.cseq[0] > seen.invite.cseq[0]


def test_a_crossing_is_logged(bench):
    """A sips leg bridged to a plain one is never silent."""
    caller, device = bench.line("sips", "sip")
    call, seen = bench.talk(caller, device)
    bench.hang_up(call, seen)
    bench.server.await_line(r"(?i)cross")
