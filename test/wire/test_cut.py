# SPDX-License-Identifier: Apache-2.0
"""A certificate that is revoked while its connection stands."""
import os
import shutil
import signal

from test_mutual import EAST, WEST, caller, is_trunk, shake, start, trunk


def put(source, target):
    shutil.copyfile(source, target + ".new")
    os.replace(target + ".new", target)


def renew(bench):
    bench.server.program.signal(signal.SIGHUP)
    bench.server.await_line(r"certificates: read again, time \d+ \(SIGHUP\)")


def test_a_trunk_whose_certificate_is_revoked_is_cut(bench, shop):
    """T4c: its connection ends, its call does, and it does not come back; the other trunk stays."""
    east, west = shop.leaf("east", f"DNS:{EAST}"), shop.leaf("west", f"DNS:{WEST}")
    crl = os.path.join(bench.folder, "trunks.crl")
    put(shop.authority.crl("nobody"), crl)
    device = start(bench, [trunk("east", EAST), trunk("west", WEST)], tls={"crl": crl})
    bad, good = caller(bench, shop, east), caller(bench, shop, west)
    call, seen = bench.talk(bad, device)
    kept, kept_seen = bench.talk(good, device)
    # A list without it cuts nobody.
    renew(bench)
    bench.alive("TLS")
    assert not bad.end.closed and not good.end.closed
    put(shop.authority.crl("east", [east]), crl)
    renew(bench)
    bench.loop.wait("its end", lambda: bad.end.closed, 5)
    bench.server.await_line(r"TLS with 127\.0\.0\.1:\d+ is over: cut by us: the peer's certificate "
                            r"was revoked by its CA: .*'CN=east'.*\[cert-revoked\]")
    assert "alert" in shake(bench, "-cert", east.certificate, "-key", east.key, is_refused=True)
    bench.server.await_line(r"TLS from .* failed: .*'CN=east'.*\[cert-revoked\]")
    # What the call does without its flow: either side may end it.
    seen.bye()
    assert not good.end.closed
    bench.hang_up(kept, kept_seen)
    assert is_trunk(bench, good, device) == 486
    bench.server.await_idle()
