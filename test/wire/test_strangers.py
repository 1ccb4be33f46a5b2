# SPDX-License-Identifier: Apache-2.0
"""Who may call whom: trunks by their address, DNs by flow or digest, and strangers."""
import pytest

from kit.loop import free_port

TRUNK_HOST, OTHER_HOST = "127.0.0.2", "127.0.0.3"
LOCKED = {"number": "7789", "type": "extension", "contact": "*", "password": "secret"}


@pytest.fixture
def office(bench):
    """A plain device 5000, a locked number 7789, and a trunk east for numbers that begin with 9."""
    bench.device_5000, entry = bench.device("5000", "sip")
    bench.east = bench.peer("east", "UDP", host=TRUNK_HOST)
    bench.entries = [entry, LOCKED, {
        "number": "east", "type": "trunk", "prefix": 9,
        "contact": f"sip:{TRUNK_HOST}:{bench.east.local[1]};transport=udp"}]
    return bench


def reaches(caller, device, number, **more):
    """The call arrives there; it is refused so that nothing stays."""
    call = caller.call(number, **more)
    seen = device.await_call()
    seen.refuse(486)
    call.await_refusal(486)
    return seen.invite


def test_a_stranger_reaches_a_dn_and_no_trunk(office):
    """strangers: dn-only, which is the default."""
    office.start(office.entries)
    stranger = office.phone("anybody", domain="elsewhere.test")
    reaches(stranger, office.device_5000, "5000")
    final = stranger.call("95551234").tx.await_final()
    assert final.status in (401, 403, 404), final
    final = stranger.call("east").tx.await_final()
    assert final.status in (401, 403, 404), final
    assert not office.east.received("INVITE")
    office.server.await_idle()


def test_strangers_none(office):
    office.start(office.entries, strangers="none")
    stranger = office.phone("anybody", domain="elsewhere.test")
    final = stranger.call("5000").tx.await_final()
    assert final.status in (401, 403), final
    assert not office.device_5000.received("INVITE")
    stranger.options()


def test_strangers_all(office):
    office.start(office.entries, strangers="all")
    stranger = office.phone("anybody", domain="elsewhere.test")
    reaches(stranger, office.device_5000, "5000")
    invite = reaches(stranger, office.east, "95551234")
    assert invite.uri.startswith(f"sip:95551234@{TRUNK_HOST}")


@pytest.mark.parametrize("transport", ["UDP", "TLS"])
@pytest.mark.parametrize("policy", ["dn-only", "all", "none"])
def test_the_name_of_a_locked_number_is_challenged(office, policy, transport):
    """From alone proves nothing, whatever the policy and the source."""
    office.start(office.entries, strangers=policy)
    liar = office.phone("7789", transport)
    liar.call("5000").await_refusal(401)
    assert not office.device_5000.received("INVITE")


@pytest.mark.parametrize("sender", ["<sip:%37789@example.test>;tag=1",
                                    "sip:7789@example.test;tag=1",
                                    '"x" <sips:7789@EXAMPLE.test;user=phone>;tag=1',
                                    "<sip:7789@127.0.0.1>;tag=1"])
def test_other_spellings_of_a_locked_number_are_challenged(office, sender):
    office.start(office.entries)
    office.phone("7789").call("5000", sender=sender).await_refusal(401)


def test_a_trunk_is_known_by_its_address(office):
    """It may use any From, also that of a locked number, and reach DNs."""
    office.start(office.entries, strangers="none")
    gateway = office.phone("7789", host=TRUNK_HOST)
    reaches(gateway, office.device_5000, "5000")
    other = office.phone("anybody", host=OTHER_HOST, domain="elsewhere.test")
    assert other.call("5000").tx.await_final().status in (401, 403)


def test_a_registered_flow_is_a_dn(office):
    """A number without a password that has registered may call what DNs may."""
    office.start(office.entries + [{"number": "7000", "type": "extension", "contact": "*"}],
                 strangers="none")
    phone = office.phone("7000", "TCP")
    phone.register(600)
    reaches(phone, office.device_5000, "5000")
    reaches(phone, office.east, "95551234")


def test_digest_opens_the_trunk(office):
    from kit import digest
    office.start(office.entries)
    phone = office.phone("7789")
    refused = phone.call("95551234").await_refusal(401)
    value = digest.answer(digest.pick(refused), "7789", "secret", "INVITE",
                          phone.server_uri("95551234"))
    invite = reaches(phone, office.east, "95551234", headers=[("Authorization", value)], cseq=2)
    assert not invite.has("Authorization")


# ---- routing -------------------------------------------------------------------------------


def trunk(bench, name, prefix, **more):
    peer = bench.peer(name, "UDP", host=TRUNK_HOST)
    return peer, {"number": name, "type": "trunk", "prefix": prefix,
                  "contact": f"sip:{TRUNK_HOST}:{peer.local[1]};transport=udp", **more}


def test_exact_number_then_longest_prefix_then_priority(bench):
    exact, entry = bench.device("9123", "sip")
    short, short_dn = trunk(bench, "short", "9", priority=0)
    long_, long_dn = trunk(bench, "long", "912", priority=5)
    spare, spare_dn = trunk(bench, "spare", "912", priority=7)
    bench.start([entry, spare_dn, short_dn, long_dn], strangers="all")
    caller = bench.phone("anybody")
    for number, device in (("9123", exact), ("91234", long_), ("9124", long_), ("91", short),
                           ("95", short)):
        assert reaches(caller, device, number).uri.startswith(f"sip:{number}@")
    caller.call("8").await_refusal(404)
    assert not spare.received("INVITE")


def test_too_few_digits_are_484(bench):
    """What is dialled is the beginning of a trunk's prefix: more digits are to come."""
    peer, entry = trunk(bench, "abroad", "0049")
    bench.start([entry], strangers="all")
    caller = bench.phone("anybody")
    caller.call("004").await_refusal(484)
    caller.call("0048").await_refusal(404)
    assert not peer.received("INVITE")


def test_a_softswitch_is_reached_by_number_and_prefix(bench):
    switch = bench.peer("pbx", "UDP", host=TRUNK_HOST)
    bench.start([{"number": "pbx", "type": "voip-service", "service-type": "softswitch",
                  "contact": f"sip:pbx@{TRUNK_HOST}:{switch.local[1]};transport=udp"}],
                strangers="all")
    assert reaches(bench.phone("anybody"), switch, "pbx").uri.startswith("sip:pbx@")


def test_a_trunk_may_call_through_another_trunk(bench):
    """Tandem: in by its address, out by the prefix."""
    west, west_dn = trunk(bench, "west", "8")
    east = bench.peer("east", "UDP", host=OTHER_HOST)
    bench.start([west_dn, {"number": "east", "type": "trunk", "prefix": 9,
                           "contact": f"sip:{OTHER_HOST}:{east.local[1]};transport=udp"}])
    gateway = bench.phone("whoever", host=TRUNK_HOST)
    reaches(gateway, east, "95551234")


# rows: S15
def test_a_sips_trunk_over_tls_in_both_directions(bench, shop):
    """The trunk's own call comes over TLS from its address; ours goes to its listener."""
    peer = bench.peer("east", "TLS", host=TRUNK_HOST, port=free_port(TRUNK_HOST))
    device, entry = bench.device("5000", "sip")
    bench.start([entry, {"number": "east", "type": "trunk", "prefix": 9,
                         "contact": f"sips:{TRUNK_HOST}:{peer.local[1]};transport=tls"}],
                strangers="none")
    gateway = bench.phone("carrier", "TLS", host=TRUNK_HOST)
    call, seen = bench.talk(gateway, device)
    bench.hang_up(seen, call)
    bench.check_legs(gateway, device)
    bench.server.await_idle()


def test_an_options_needs_no_permission(office):
    """A ping to the server itself is answered to anybody."""
    office.start(office.entries, strangers="none")
    for transport in ("UDP", "TCP", "TLS"):
        office.phone("ping", transport).options()


def test_an_unknown_number_of_ours_is_asked_like_a_known_one(office):
    """Where some number is challenged, a guessed one in our domain is too."""
    office.start(office.entries)
    office.phone("7788").call("5000").await_refusal(401)
    office.phone("7789").call("5000").await_refusal(401)
