# SPDX-License-Identifier: Apache-2.0
"""Inside a call: retransmissions, races, and what crosses between the legs."""
import pytest

from kit.call import sdp


@pytest.fixture(scope="module")
def server(shared_bench):
    """A server and the device 5000; callers come and go."""
    shared_bench.device_5000, entry = shared_bench.device("5000", "sip")
    shared_bench.start([entry])
    return shared_bench


@pytest.fixture
def plain(request, server):
    """Gives (bench, caller, device); nothing may be left of the test's calls."""
    request.node.bench = server
    with server.guests():
        server.device_5000.forget()
        yield server, server.phone("7789"), server.device_5000
        server.server.await_idle()


def test_the_hop_count_is_one_less(plain):
    bench, caller, device = plain
    message = caller.build("INVITE", caller.server_uri("5000"), body=sdp(), contact=caller.contact)
    message.headers = [(n, "10" if n == "Max-Forwards" else v) for n, v in message.headers]
    call = caller.call("5000", message=message)
    seen = device.await_call()
    assert seen.invite.get("Max-Forwards") == "9"
    seen.refuse(486)
    call.await_refusal(486)


def test_user_to_user_crosses_both_ways(plain):
    bench, caller, device = plain
    word = "56a390f3d2b7310023a2;encoding=hex"
    call = caller.call("5000", headers=[("User-to-User", word), ("Supported", "uui")])
    seen = device.await_call()
    assert seen.invite.get("User-to-User") == word
    seen.answer(headers=[("User-to-User", "00ff;encoding=hex")], ack=False)
    assert call.await_answer().get("User-to-User") == "00ff;encoding=hex"
    seen.await_ack()
    bye = call.request("BYE", headers=[("User-to-User", "aa;encoding=hex")])
    assert seen.await_bye().get("User-to-User") == "aa;encoding=hex"
    bye.await_final(200)


def test_the_name_of_the_call_uuid_is_an_option(bench):
    caller, device = bench.line("sip", "sip", call_uuid_header="X-Call-Mark")
    call, seen = bench.talk(caller, device)
    mark = seen.invite.get("X-Call-Mark")
    assert len(mark) == 32 and call.answered.get("X-Call-Mark") == mark
    assert not seen.invite.has("X-Genesys-CallUUID")
    bench.hang_up(call, seen)


def test_display_names_cross(plain):
    bench, caller, device = plain
    call = caller.call("5000", sender='"Ann \\"B\\" ü" <sip:7789@example.test>;tag=ab')
    seen = device.await_call()
    assert seen.invite.address("From").display == '"Ann \\"B\\" ü"'
    seen.refuse(486)
    call.await_refusal(486)


def test_progress_crosses_in_order(plain):
    bench, caller, device = plain
    call = caller.call("5000")
    seen = device.await_call()
    seen.ring(183, body=sdp(port=42000))
    seen.ring(180)
    call.await_ringing(180)
    codes = [r.status for r in call.tx.responses if r.status > 100]
    assert codes == [183, 180]
    assert b"42000" in call.await_ringing(183).body
    seen.answer(ack=False)
    call.await_answer()
    seen.await_ack()
    bench.hang_up(call, seen)


@pytest.mark.parametrize("code,want", [(486, 486), (603, 603), (404, 404), (480, 480), (488, 488),
                                       (415, 415), (600, 600)])
def test_final_codes_cross(plain, code, want):
    bench, caller, device = plain
    call = caller.call("5000")
    device.await_call().refuse(code)
    call.await_refusal(want)


@pytest.mark.parametrize("code", [401, 407, 416, 503, 481, 422, 430])
def test_final_codes_that_are_about_the_other_leg_do_not_cross(plain, code):
    bench, caller, device = plain
    call = caller.call("5000")
    device.await_call().refuse(code, headers=[
        ("WWW-Authenticate", 'Digest realm="x",nonce="y"')] if code == 401 else [])
    final = call.tx.await_final()
    assert final.status != code and 400 <= final.status <= 699
    assert not final.has("WWW-Authenticate")


def test_an_offerless_invite(plain):
    """The offer comes in the 200, the answer goes in the ACK."""
    bench, caller, device = plain
    call = caller.call("5000", body=b"")
    seen = device.await_call()
    assert seen.invite.body == b""
    seen.answer(ack=False)
    answer = call.await_answer(ack=False)
    assert b"42000" in answer.body
    call.ack(body=sdp(port=40000))
    assert b"40000" in seen.await_ack().body
    bench.hang_up(call, seen)


def test_an_offerless_reinvite(plain):
    bench, caller, device = plain
    call, seen = bench.talk(caller, device)
    tx = call.reinvite(b"")
    change = seen.await_reinvite()
    assert change.body == b""
    seen.respond(change, 200, body=sdp(port=42002), contact=device.contact)
    assert b"42002" in tx.await_final(200).body
    call.ack(tx=tx, body=sdp(port=40002))
    bench.loop.wait("the ACK with the answer", lambda: any(
        b"40002" in ack.body for ack in seen.acks))
    bench.hang_up(call, seen)


def test_a_refused_change_leaves_the_call(plain):
    bench, caller, device = plain
    call, seen = bench.talk(caller, device)
    tx = call.reinvite()
    change = seen.await_reinvite()
    seen.respond(change, 488)
    tx.await_final(488)
    bench.hang_up(seen, call)


# rows: R6141-4-a
def test_a_new_contact_is_the_new_target(plain):
    """A re-INVITE with another Contact moves the remote target of that leg."""
    bench, caller, device = plain
    call, seen = bench.talk(caller, device)
    moved = bench.peer("7789", "UDP")
    message = call.build("INVITE", body=sdp(version=2), contact=moved.contact)
    tx = caller.transact(message, call.end, call.peer_of_target())
    seen.respond(seen.await_reinvite(), 200, body=sdp(port=42000), contact=device.contact)
    call.finish_reinvite(tx)
    bye = seen.request("BYE")
    moved.respond(moved.await_request("BYE"), 200)
    bye.await_final(200)


def test_info_crosses_inside_the_dialog(plain):
    bench, caller, device = plain
    call, seen = bench.talk(caller, device)
    for one, other in ((call, seen), (seen, call)):
        tx = one.request("INFO", body=b"Signal=5\r\nDuration=160\r\n",
                         content_type="application/dtmf-relay")
        info = other.await_request("INFO")
        assert info.body == b"Signal=5\r\nDuration=160\r\n"
        assert info.get("Content-Type") == "application/dtmf-relay"
        other.respond(info, 200)
        tx.await_final(200)
    bench.hang_up(call, seen)


@pytest.mark.parametrize("method,code,headers", [
    ("REFER", 603, [("Refer-To", "<sip:1@127.0.0.1>")]), ("PRACK", 481, [("RAck", "1 1 INVITE")]),
    ("NOTIFY", 481, [("Event", "talk"), ("Subscription-State", "active")]), ("OPTIONS", 200, []),
    ("FOO", 501, []), ("SUBSCRIBE", 405, [("Event", "dialog")])])
def test_methods_inside_the_dialog(plain, method, code, headers):
    """What is listed and not carried gets its RFC's refusal, and the call lives on."""
    bench, caller, device = plain
    call, seen = bench.talk(caller, device)
    contact = method in ("REFER", "SUBSCRIBE", "NOTIFY")
    call.request(method, headers=headers, contact=contact).await_final(code)
    bench.hang_up(call, seen)
    assert not device.received(method)


def test_a_lower_cseq_is_500(plain):
    bench, caller, device = plain
    call, seen = bench.talk(caller, device)
    tx = call.request("INFO", cseq=1000)
    seen.respond(seen.await_request("INFO"), 200)
    tx.await_final(200)
    call.request("INFO", cseq=999).await_final(500)
    call.cseq = 1000
    bench.hang_up(call, seen)


def test_a_second_invite_before_the_first_ends_is_500(plain):
    bench, caller, device = plain
    call, seen = bench.talk(caller, device)
    first = call.reinvite()
    change = seen.await_reinvite()
    second = call.reinvite()
    assert 0 <= int(second.await_final(500).get("Retry-After").split()[0]) <= 10
    seen.respond(change, 200, body=sdp(port=42000), contact=device.contact)
    call.finish_reinvite(first)
    bench.hang_up(call, seen)


def test_crossing_changes_are_glare(plain):
    """Both sides change at once: one at least gets 491, the call goes on."""
    bench, caller, device = plain
    call, seen = bench.talk(caller, device)
    first, second = call.reinvite(), seen.reinvite()

    def settle():
        for side in (call, seen):
            for change in list(side.requests):
                side.requests.remove(change)
                side.respond(change, 491)
        return first.final and second.final
    bench.loop.wait("two final responses", settle)
    assert 491 in (first.final.status, second.final.status)
    bench.hang_up(call, seen)


# ---- retransmission and races --------------------------------------------------------------


def test_the_200_comes_again_until_the_ack(bench):
    """On TLS too; without any ACK both legs get a BYE at 64*T1."""
    caller, device = bench.line("sips", "sip")
    call = caller.call("5000")
    seen = device.await_call()
    seen.answer(ack=False)
    call.await_answer(ack=False)
    call.auto_bye = seen.auto_bye = True
    bench.loop.wait("BYE on both legs", lambda: call.byes and seen.byes, 10)
    copies = [r for r in call.tx.responses if r.status == 200]
    assert 5 <= len(copies) <= 14 and len({c.encode() for c in copies}) == 1
    bench.server.await_idle()


def test_each_repeat_of_a_200_is_acknowledged(plain):
    bench, caller, device = plain
    call, seen = bench.talk(caller, device)
    count = len(seen.acks)
    for step in (1, 2):
        device.send(seen.answered, seen.end, device.reply_peer(seen.invite, seen.peer))
        bench.loop.wait("another ACK", lambda want=count + step: len(seen.acks) >= want)
    assert len({ack.encode() for ack in seen.acks}) == 1
    assert len([r for r in call.tx.responses if r.status == 200]) == 1
    bench.hang_up(call, seen)


def test_a_repeated_invite_is_the_same_call(plain):
    bench, caller, device = plain
    call = caller.call("5000")
    caller.send(call.invite)
    seen = device.await_call()
    seen.ring()
    call.await_ringing()
    caller.send(call.invite)
    seen.answer(ack=False)
    call.await_answer(ack=False)
    caller.send(call.invite)
    call.ack()
    seen.await_ack()
    bench.hang_up(call, seen)
    assert len({m.via.branch for m in device.received("INVITE")}) == 1


def test_a_merged_request_is_482(plain):
    bench, caller, device = plain
    call = caller.call("5000")
    seen = device.await_call()
    twin = caller.build("INVITE", call.invite.uri, to=call.invite.get("To"),
                        sender=call.invite.get("From"), call_id=call.call_id, cseq=1, body=sdp(),
                        contact=caller.contact)
    caller.transact(twin).await_final(482)
    seen.refuse(486)
    call.await_refusal(486)
    assert len(device.received("INVITE")) == 1


def test_an_unanswered_invite_over_udp_comes_again_and_ends(bench):
    """Timers A and B: seven copies alike, then the caller gets 408."""
    caller, device = bench.line("sip", "sip")
    call = caller.call("5000")
    call.await_refusal(408, seconds=8)
    copies = device.received("INVITE")
    assert 6 <= len(copies) <= 7 and len({c.encode() for c in copies}) == 1
    bench.server.await_idle()


def test_a_cancel_waits_for_a_provisional_response(plain):
    bench, caller, device = plain
    call = caller.call("5000")
    seen = device.await_call()
    done, _final = call.cancel()
    assert done.status == 200 and not seen.cancels
    seen.respond(seen.invite, 100)
    seen.await_cancel()


def test_a_device_that_never_answers_is_never_cancelled(bench):
    caller, device = bench.line("sip", "sip")
    call = caller.call("5000")
    seen = device.await_call()
    call.cancel()
    bench.server.await_idle()
    assert not seen.cancels


def test_a_200_that_crosses_the_cancel(plain):
    """The device answered while the caller gave up: ACK, then BYE there; 487 here."""
    bench, caller, device = plain
    call = caller.call("5000")
    seen = device.await_call()
    seen.ring()
    call.await_ringing()
    seen.auto_bye = True
    call.send_cancel()
    bench.loop.wait("the CANCEL", lambda: seen.cancels)
    seen.answer()
    bench.loop.wait("the BYE", lambda: seen.byes)
    call.await_refusal(487)


def test_a_cancel_after_the_200_changes_nothing(plain):
    bench, caller, device = plain
    call = caller.call("5000")
    seen = device.await_call()
    seen.answer(ack=False)
    call.await_answer(ack=False)
    call.send_cancel().await_final(200)
    call.ack()
    seen.await_ack()
    call.hold(seen)
    bench.hang_up(call, seen)


def test_both_hang_up_at_once(plain):
    bench, caller, device = plain
    call, seen = bench.talk(caller, device)
    call.auto_bye = seen.auto_bye = True
    first, second = call.request("BYE"), seen.request("BYE")
    assert {first.await_final().status, second.await_final().status} <= {200, 481}


def test_a_bye_during_a_change(plain):
    """The pending re-INVITE is answered 487, both legs end."""
    bench, caller, device = plain
    call, seen = bench.talk(caller, device)
    tx = call.reinvite()
    change = seen.await_reinvite()
    seen.auto_bye = True
    call.request("BYE").await_final(200)
    tx.await_final(487)
    bench.loop.wait("the BYE at the device", lambda: seen.byes)
    if not any(c.method == "INVITE" for c in seen.requests):
        seen.respond(change, 487)


def test_a_hang_up_before_the_ack(plain):
    """The device's BYE comes before the caller's ACK: the caller hears it after its ACK."""
    bench, caller, device = plain
    call = caller.call("5000")
    seen = device.await_call()
    seen.answer(ack=False)
    call.await_answer(ack=False)
    bye = seen.request("BYE")
    bye.await_final(200)
    call.ack()
    call.await_bye()


def test_a_fork_behind_the_device(plain):
    """Two 200s with different tags: one call; the second is acknowledged and hung up."""
    bench, caller, device = plain
    call = caller.call("5000")
    seen = device.await_call()
    seen.answer(ack=False)
    call.await_answer()
    seen.await_ack()
    second = device.respond(seen.invite, 200, to_tag="second", contact=device.contact,
                            body=sdp(port=42010))
    assert second.address("To").tag == "second"
    bye = device.await_request("BYE")
    assert bye.address("To").tag == "second"
    device.respond(bye, 200)
    bench.hang_up(call, seen)
    assert len([r for r in call.tx.responses if r.status == 200]) == 1


# rows: R3261-18.1.2-a
def test_a_forged_response_is_ignored(plain):
    """A 200 with two Vias, or for a branch that we never sent, does not answer the call."""
    bench, caller, device = plain
    call = caller.call("5000")
    seen = device.await_call()
    message = device.respond(seen.invite, 180, to_tag="a", contact=device.contact)
    call.await_ringing()
    twice = type(message)("SIP/2.0 200 OK", [("Via", "SIP/2.0/UDP 1.2.3.4;branch=z9hG4bKx")]
                          + message.headers)
    device.send(twice, seen.end, device.reply_peer(seen.invite, seen.peer))
    seen.local_tag = "a"
    seen.refuse(486)
    call.await_refusal(486)


def test_a_record_route_is_followed(plain):
    """The device sits behind a proxy: ACK and BYE carry its Route and go there."""
    bench, caller, device = plain
    proxy = bench.peer("proxy", "UDP")
    route = f"<sip:127.0.0.1:{proxy.local[1]};lr>"
    call = caller.call("5000")
    seen = device.await_call()
    device.respond(seen.invite, 200, to_tag=seen.local_tag, contact=device.contact,
                   body=sdp(port=42000), headers=[("Record-Route", route)])
    call.await_answer()
    ack = bench.loop.wait("the ACK at the proxy", lambda: proxy.received("ACK"))[0]
    assert ack.values("Route") == [route] and ack.uri == device.contact.strip("<>")
    bye = call.request("BYE")
    came = proxy.await_request("BYE")
    assert came.values("Route") == [route]
    proxy.respond(came, 200)
    bye.await_final(200)


def test_a_call_to_oneself_through_the_server_ends(bench):
    """Two servers' worth of loop: a trunk that points at us runs out of hops."""
    listen = bench.ports_for()
    port = bench.ports["UDP"][1]
    bench.start([{"number": "loop", "type": "trunk", "prefix": 9,
                  "contact": f"sip:localhost:{port};transport=udp"}], listen=listen,
                strangers="all")
    caller = bench.phone("7789")
    final = caller.call("95").tx.await_final(seconds=15)
    assert final.status in (482, 483, 404, 403, 480, 500)
    bench.server.await_idle(15)
