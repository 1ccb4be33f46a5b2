# SPDX-License-Identifier: Apache-2.0
"""Certificates of a running server: read again at a signal or when a file changes, looked at by
`cert check`, tried by `cert test`."""
import json
import os
import re
import shutil
import signal
import subprocess
import sys

import pytest

from kit import server as kit_server
from kit.asks import Window
from kit.program import Program

STORM = int(os.environ.get("SIPWARD_STORM", "0"))
SHORT_STORM, RATE, KNOCKERS = 300, 200, 2
# A little more is asked for than is claimed: a pause of the machine is not made up for.
ASKED = RATE * 5 // 4


class Place:
    """Where the server's certificate lies; others are put there as those who renew them do."""

    def __init__(self, shop, folder):
        self.folder = folder
        self.identity = shop.server
        os.makedirs(folder)
        self.certificate, self.key = os.path.join(folder, "own.pem"), os.path.join(folder, "own.key")
        self.put(shop.server)

    def put(self, identity):
        self.put_file(identity.certificate, self.certificate)
        self.put_file(identity.key, self.key)

    def put_file(self, source, target):
        shutil.copyfile(source, target + ".new")
        os.chmod(target + ".new", 0o600)
        os.replace(target + ".new", target)

    def cut(self, identity, octets=300):
        with open(identity.certificate, "rb") as file:
            head = file.read(octets)
        with open(self.certificate, "wb") as file:
            file.write(head)


@pytest.fixture
def place(bench, shop):
    return Place(shop, os.path.join(bench.folder, "own"))


def shown(bench):
    """The names in the certificate that a new connection is shown."""
    phone = bench.phone("7789", "TLS")
    names = {value for _, value in phone.end.tls.getpeercert()["subjectAltName"]}
    phone.close()
    return names


def renew(bench, pattern):
    start = len(bench.server.lines)
    bench.server.program.signal(signal.SIGHUP)
    return bench.server.program.await_line(pattern, 10, start).group(0)


def test_a_signal_puts_a_new_certificate_in_force(bench, shop, place):
    """New handshakes get the new one; a call that is up goes on over its connection."""
    other = shop.leaf("renewed", "IP:127.0.0.1,DNS:renewed.example.test")
    device, entry = bench.device("5000", "sip")
    bench.start([entry], identity=place)
    caller = bench.phone("7789", "TLS")
    call, seen = bench.talk(caller, device)
    assert "renewed.example.test" not in shown(bench)
    place.put(other)
    assert "SIGHUP" in renew(bench, r"certificates: read again, time 1 .*")
    assert "renewed.example.test" in shown(bench)
    bench.hang_up(call, seen)
    bench.server.await_idle()


def test_what_does_not_fit_changes_nothing(bench, shop, place):
    bench.start([bench.device("5000", "sip")[1]], identity=place)
    before = shown(bench)
    place.cut(shop.server)
    assert "own.pem" in renew(bench, r"error certificates: those before stay in use .*")
    place.put_file(shop.peer.certificate, place.certificate)
    assert "does not fit" in renew(bench, r"error certificates: those before stay .*")
    place.put(shop.expired)
    assert "expired on" in renew(bench, r"error certificates: those before stay .*")
    os.unlink(place.key)
    renew(bench, r"error certificates: those before stay .*cannot read key.*|.*expired.*")
    assert shown(bench) == before


def test_a_changed_file_needs_no_signal(bench, shop, place):
    other = shop.leaf("renewed", "IP:127.0.0.1,DNS:renewed.example.test")
    bench.start([bench.device("5000", "sip")[1]], identity=place)
    place.put(other)
    bench.server.await_line(r"certificates: read again, time 1 \(a file has changed\)")
    assert "renewed.example.test" in shown(bench)


@pytest.fixture
def window():
    view = Window()
    yield view
    view.close()


def reload(bench, window, *words):
    return bench.loop.run_beside(lambda: window.run("reload", *words), "sipward reload", 20)


def test_a_command_puts_a_new_certificate_in_force(bench, shop, place, window):
    """The next handshake is shown the new one, a call that is up goes on; the command says what was
    new, unless the watch of the files came before it."""
    other = shop.leaf("renewed", "IP:127.0.0.1,DNS:renewed.example.test")
    device, entry = bench.device("5000", "sip")
    bench.start([entry], identity=place, admin=window.path)
    call, seen = bench.talk(bench.phone("7789", "TLS"), device)
    code, said, errors = reload(bench, window)
    assert code == 0 and "read again, time 1:" in said and not errors
    assert re.search(r"default +certificate +\S+own\.pem +as before +20\d\d-", said)
    place.put(other)
    code, said, errors = reload(bench, window, "--json")
    told = json.loads(said)
    assert code == 0 and told["schema"] == "reload/1" and not errors
    kinds = {file["holds"]: file for file in told["files"]}
    assert kinds["certificate"]["path"] == place.certificate and not kinds["trust"]["is_new"]
    assert "a file has changed" in bench.server.program.text() or (
        kinds["certificate"]["is_new"] and kinds["key"]["is_new"])
    assert "renewed.example.test" in shown(bench)
    line = r"certificates: read again, time \d+ \(by command of uid (\d+)\)"
    assert bench.server.await_line(line).group(1) == str(os.geteuid())
    bench.hang_up(call, seen)
    bench.server.await_idle()


def test_a_command_that_changes_nothing_says_why(bench, shop, place, window):
    assert reload(bench, window)[0] == 4
    bench.start([bench.device("5000", "sip")[1]], identity=place, admin=window.path)
    before = shown(bench)
    place.cut(shop.server)
    for words in ((), ("--json",)):
        code, said, errors = reload(bench, window, *words)
        assert code == 6 and not said and "own.pem" in errors and errors.count("\n") == 1
    bench.server.await_line(r"error certificates: those before stay in use \(by command of uid \d+\)")
    assert shown(bench) == before
    assert reload(bench, window, "now")[0] == 2


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
def test_a_command_of_somebody_else_is_refused(bench, shop, place, window):
    bench.start([bench.device("5000", "sip")[1]], identity=place, admin=window.path)
    done = bench.loop.run_beside(lambda: window.run_as_nobody("reload"), "sipward reload", 20)
    if done is None:
        pytest.skip("somebody else cannot run the server under test")
    assert done[0] == 5
    os.chmod(window.path, 0o666)
    code, said, errors = bench.loop.run_beside(
        lambda: window.run_as_nobody("reload"), "sipward reload", 20)
    assert code == 5 and not said and "takes orders from root" in errors
    bench.server.await_line(r"warn +certificates: an order to read them again is refused, by uid 65534")
    assert "read again, time" not in bench.server.program.text()


def run_cert(bench, *words):
    done = bench.loop.run_beside(lambda: subprocess.run(
        [kit_server.binary(), "cert", *words], stdin=subprocess.DEVNULL, capture_output=True,
        text=True, timeout=30), "sipward cert", 35)
    return done.returncode, done.stdout


# rows: R5922-6
def test_cert_check_says_what_is_wrong(bench, shop):
    bench.start([bench.device("5000", "sip")[1]])
    code, said = run_cert(bench, "check", "-c", bench.server.path)
    assert code == 1
    assert "names   IP:127.0.0.1, DNS:sip.example.test" in said
    assert re.search(r"\d+ days left", said)
    assert "names its domain example.test" in said


def test_cert_test_tries_a_handshake(bench, shop):
    """A DN whose device is a server of ours: what it shows, or why it is not accepted."""
    bench.start([bench.device("5000", "sip")[1]])
    host, port = bench.ports["TLS"]
    text = bench.text([
        {"number": 6001, "type": "extension", "contact": f"sips:{host}:{port}"},
        {"number": 6002, "type": "extension", "contact": f"sips:{host}:{port}",
         "tls-name": "absent.example.test"},
        {"number": 6003, "type": "extension", "contact": f"sips:{host}:1"}])
    path = os.path.join(bench.folder, "trial.yaml")
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    code, said = run_cert(bench, "test", "6001", "-c", path)
    assert code == 0, said
    assert re.search(r"verified: TLSv1\.3, TLS_\w+, the peer is 127\.0\.0\.1", said)
    assert "1. 'CN=server', EC 256 bits" in said and "days left" in said
    code, said = run_cert(bench, "test", "6002", "-c", path)
    assert code == 1 and "wanted absent.example.test" in said and "[name-other]" in said
    code, said = run_cert(bench, "test", "6003", "-c", path)
    assert code == 1 and "[tcp-refused]" in said


def storm_of(shop, place):
    """One file after the other to put in place: good ones and bad ones."""
    good = [shop.server, shop.leaf("renewed", "IP:127.0.0.1,DNS:renewed.example.test")]
    bad = [lambda: place.cut(good[0]), lambda: place.put(shop.expired),
           lambda: place.put_file(shop.peer.certificate, place.certificate),
           lambda: os.unlink(place.key)]
    count = 0
    while True:
        for n in range(5):
            place.put(good[count % 2])
            count += 1
            yield
        bad[(count // 5) % len(bad)]()
        yield
        place.put(good[0])


def knock(bench, shop):
    """A program that makes its part of the handshakes."""
    host, port = bench.ports["TLS"]
    knocker = Program(bench.loop, [
        sys.executable, os.path.join(os.path.dirname(kit_server.__file__), "knock.py"), host, port,
        shop.authority.certificate, (ASKED if STORM else RATE // 4) / KNOCKERS], "knock.py",
        stdin=True)
    bench.programs.append(knocker)
    knocker.await_line("knocking")
    return knocker


def stop_knocking(knocker):
    knocker.process.stdin.close()
    knocker.process.stdin = None
    done = knocker.await_line(r"knocked (\d+) failed (\d+) in ([\d.]+) s", 30)
    assert done.group(2) == "0" and int(done.group(1)) > 0, knocker.text()
    return int(done.group(1)) / float(done.group(3))


@pytest.mark.limit(3600 if STORM else 60)
def test_a_storm_of_them_fails_nobody(bench, shop, place):
    """Reload after reload under handshakes, bad files among them: none fails, no call is dropped,
    and memory at the end is what it was early on. The long one makes the handshakes that it
    claims, as a mean over all of it."""
    total = STORM or SHORT_STORM
    device, entry = bench.device("5000", "sip")
    bench.start([entry], identity=place)
    caller = bench.phone("7789", "TLS")
    call, seen = bench.talk(caller, device)
    knockers = [knock(bench, shop) for _ in range(KNOCKERS)]
    resident, files, early = {}, storm_of(shop, place), min(1000, total // 10)
    for count in range(1, total + 1):
        next(files)
        renew(bench, r"certificates: (read again, time \d+|those before stay in use) \(SIGHUP\)")
        if count in (early, total):
            resident[count] = bench.server.resident_kib()
    rate = sum([stop_knocking(knocker) for knocker in knockers])
    print(f"storm: {total} reloads, {rate:.0f} handshakes a second, none failed, resident KiB "
          f"{resident}")
    if STORM:
        assert rate >= RATE, f"{rate:.0f} handshakes a second, not {RATE}"
        assert resident[total] - resident[early] <= 1024, resident
    bench.hang_up(call, seen)
    bench.server.await_idle()
