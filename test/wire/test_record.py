# SPDX-License-Identifier: Apache-2.0
"""`serve --record`: what happened to a running server happens again, to the byte, without its secrets."""
import re
import stat
import subprocess

import pytest

from kit import digest, server
from kit.call import sdp

PASSWORD = "correct horse"
KEYS = ["c2VjcmV0LWtleS1udW1iZXItb25lLi4uLi4u", "c2VjcmV0LWtleS1udW1iZXItdHdvLi4uLi4u"]
DN = {"number": "5000", "type": "extension", "contact": "*", "password": PASSWORD}


def replay(path, *words):
    done = server.replay(path, *words)
    if done is None:
        pytest.skip("sipward-replay is built with the tests only")
    return done


def expect_same(path, *words):
    code, text = replay(path, *words)
    assert code == 0, text
    assert "the same:" in text
    return text


def keyed(key, **more):
    """A session with a key in it."""
    return sdp(**more) + f"a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:{key}|2^20|1:32\r\n".encode()


def digests(phone):
    """What a phone proved itself with, or tried to."""
    sent = [value for record in phone.log if record.way == "out"
            for name, value in record.message.headers if name == "Authorization"]
    return [re.search(r'response="([0-9a-f]+)"', value).group(1) for value in sent]


def talk_with_keys(caller, device, number):
    """A call with keys; then the caller changes its key, and nothing else, and hangs up."""
    call = caller.call(number, body=keyed(KEYS[0]))
    seen = device.await_call()
    seen.ring()
    call.await_ringing()
    seen.answer(body=keyed(KEYS[1], port=42000), ack=False)
    call.await_answer()
    seen.await_ack()
    tx = call.reinvite(keyed(KEYS[1]))
    request = seen.await_reinvite()
    seen.respond(request, 200, body=keyed(KEYS[0], port=42000, version=2),
                 contact=device.contact)
    call.finish_reinvite(tx)
    number = request.cseq[0]
    device.loop.wait("ACK", lambda: any(ack.cseq[0] == number for ack in seen.acks))
    return call, seen


def test_a_busy_server_replays_to_the_byte_without_its_secrets(bench, tmp_path):
    path = tmp_path / "run"
    plain, plain_entry = bench.device("6000", "sip")
    secure, secure_entry = bench.device("6001", "sips")
    caller_entry = {"number": "7789", "type": "extension", "contact": "*"}
    bench.start([DN, caller_entry, plain_entry, secure_entry], words=["--record", str(path)])
    proofs = []
    for transport in ("UDP", "TCP", "TLS"):
        phone = bench.phone("5000", transport)
        refused = phone.register(600, code=401)
        wrong = digest.answer(digest.pick(refused), "5000", "wrong", "REGISTER", "sip:example.test")
        phone.register_cseq += 1
        phone.request("REGISTER", "sip:example.test", to=f"<{phone.aor}>", contact=phone.contact,
                      call_id=phone.register_call_id, cseq=phone.register_cseq,
                      headers=[("Authorization", wrong)]).await_final(401)
        phone.register(600, password=PASSWORD)
        proofs += digests(phone)
    for caller, device, number in ((bench.phone("7789", "TLS"), plain, "6000"),
                                   (bench.phone("7789", "UDP"), secure, "6001"),
                                   (bench.phone("7789", "TCP"), plain, "6000")):
        call, seen = talk_with_keys(caller, device, number)
        bench.hang_up(call, seen)
    bench.raw("TCP").send(b"this is no SIP\r\n\r\n")
    bench.server.await_line("malformed")
    bench.server.await_idle()
    bench.server.stop()

    data = path.read_bytes()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    text = expect_same(path)
    assert "to the end of the server" in text
    assert len(proofs) == 6
    for secret in [PASSWORD, *KEYS, *proofs]:
        assert secret.encode() not in data, f"{secret} is in the recording"
    assert b'username="5000"' in data and b"a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:" in data

    story = expect_same(path, "--verbose")
    for part in ("REGISTER sip:example.test", "INVITE sip:6000@", "order: drain", "TLSv1.3",
                 "store: the answer to", "proved to be"):
        assert part in story, part


def test_a_recording_that_was_tampered_with_differs(bench, tmp_path):
    path, other = tmp_path / "run", tmp_path / "other"
    bench.start([DN], words=["--record", str(path)])
    bench.phone("1").options()
    bench.server.stop()
    expect_same(path)
    data = path.read_bytes()
    assert data.count(b"OPTIONS sip:") == 1
    other.write_bytes(data.replace(b"OPTIONS sip:", b"OPTIONX sip:"))
    code, text = replay(other)
    assert code == 1 and re.search(r"event \d+, octet \d+: the replay differs", text), text
    other.write_bytes(data[:-7])
    code, text = replay(other)
    assert code == 1 and "cut off" in text, text
    other.write_bytes(b"anything")
    code, text = replay(other)
    assert code == 1 and "no recording" in text, text
    code, text = replay(tmp_path / "nothing")
    assert code == 1 and "No such file" in text, text


def test_a_killed_server_leaves_what_happened(bench, tmp_path):
    path = tmp_path / "run"
    bench.start([DN], words=["--record", str(path)])
    bench.phone("1").options()
    bench.server.program.kill()
    bench.server.forgiven = True
    code, text = replay(path, "--verbose")
    assert code == 1 and "the same so far, but the recording is cut off" in text, text
    assert "OPTIONS sip:" in text


def test_at_its_size_it_stops_and_says_so(bench, tmp_path):
    path = tmp_path / "run"
    bench.start([DN], words=["--record", str(path), "--record-max", "64K"])
    phone = bench.phone("1")
    for _ in range(200):
        phone.options()
    bench.server.await_line("the recording stops: the file has reached its size")
    bench.alive()
    bench.server.stop()
    assert bench.server.log().count("the recording stops") == 1
    assert 48 * 1024 < path.stat().st_size <= 64 * 1024
    assert "until the recording had reached its size" in expect_same(path)


@pytest.mark.parametrize("make", [lambda p: p.write_bytes(b"precious"),
                                  lambda p: p.symlink_to("elsewhere")])
def test_a_file_that_is_there_is_not_touched(bench, tmp_path, make):
    path, config = tmp_path / "run", tmp_path / "sipward.yaml"
    config.write_text(bench.text([DN]))
    make(path)
    done = subprocess.run([server.binary(), "serve", "-c", str(config), "--record", str(path)],
                          capture_output=True, timeout=20, stdin=subprocess.DEVNULL)
    assert done.returncode == 2
    assert str(path).encode() in done.stderr and b"there already" in done.stderr
    assert b"sipward: ready" not in done.stderr
    assert path.is_symlink() or path.read_bytes() == b"precious"


def test_a_server_that_does_not_start_leaves_no_file(bench, tmp_path):
    path, config = tmp_path / "run", tmp_path / "sipward.yaml"
    bench.start([DN])
    config.write_text(bench.server.text)
    done = subprocess.run([server.binary(), "serve", "-c", str(config), "--record", str(path)],
                          capture_output=True, timeout=20, stdin=subprocess.DEVNULL)
    assert done.returncode == 1
    assert not path.exists()


@pytest.mark.parametrize("words", [["--record-max", "1M"], ["--record", "x", "--record-max", "1K"],
                                   ["--record", "x", "--record-max", "2T"],
                                   ["--record", "x", "--record-max", "many"], ["--record"]])
def test_sizes_that_make_no_sense_are_refused(tmp_path, words):
    done = subprocess.run([server.binary(), "serve", "-c", "nothing", *words], capture_output=True,
                          timeout=20, stdin=subprocess.DEVNULL, cwd=tmp_path)
    assert done.returncode == 2 and b"--record" in done.stderr
    assert not (tmp_path / "x").exists()
