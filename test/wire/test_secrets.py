# SPDX-License-Identifier: Apache-2.0
"""What must not get out: keys that others could use, secrets in what we write down, and the addresses
of one leg on the other (threats T13 and T20)."""
import json
import os
import re
import shutil
import stat

import pytest

from kit.asks import Window, run
from kit.call import sdp
from kit.certs import Identity, openssl

PAGE = os.sysconf("SC_PAGESIZE")
PASSWORD = "canary-password-7f3a"
MEDIA_KEY = "Y2FuYXJ5LW1lZGlhLWtleS1mb3ItVDIwLi4uLi4u"
SELF = {"number": "7789", "type": "extension", "contact": "*", "password": PASSWORD,
        "authenticate_requests": "register"}


@pytest.fixture
def window():
    view = Window()
    yield view
    view.close()


def configured(bench, tmp_path, key):
    """The path of a configuration whose key is KEY."""
    path = tmp_path / "sipward.yaml"
    path.write_text(bench.text([SELF], identity=Identity(bench.shop.server.certificate, key)),
                    encoding="utf-8")
    return path


def refused(path, *parts):
    for verb in ("check", "serve"):
        code, text, errors = run(verb, "-c", path)
        assert code == 6, (verb, text, errors)
        assert all(part in errors for part in parts), errors
        assert "PRIVATE KEY" not in errors


# ---- T13: the key's file ------------------------------------------------------------------------

@pytest.mark.parametrize("mode", [0o640, 0o644, 0o604, 0o660, 0o610, 0o602])
def test_a_key_that_others_can_use(bench, tmp_path, mode):
    key = str(tmp_path / "key.pem")
    shutil.copy(bench.shop.server.key, key)
    os.chmod(key, mode)
    refused(configured(bench, tmp_path, key), "others than its owner can use this key", "chmod 600")


def test_a_key_that_is_no_file(bench, tmp_path):
    pipe, folder, link = (str(tmp_path / name) for name in ("pipe", "folder", "link"))
    os.mkfifo(pipe, 0o600)
    os.mkdir(folder, 0o700)
    for key in (pipe, folder):
        refused(configured(bench, tmp_path, key), "no regular file")
    # A link is judged by what it leads to: certificates that renew themselves are kept so.
    loose = str(tmp_path / "loose.pem")
    shutil.copy(bench.shop.server.key, loose)
    os.chmod(loose, 0o644)
    os.symlink(loose, link)
    refused(configured(bench, tmp_path, link), "others than its owner")
    os.chmod(loose, 0o600)
    assert run("check", "-c", configured(bench, tmp_path, link))[0] == 0


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_a_key_of_somebody_else(bench, tmp_path):
    key = str(tmp_path / "key.pem")
    shutil.copy(bench.shop.server.key, key)
    os.chmod(key, 0o600)
    os.chown(key, 12345, -1)
    refused(configured(bench, tmp_path, key), "belongs to user 12345")


# ---- T13: the key in memory ---------------------------------------------------------------------

def scalar(path):
    """The private number of a P-256 key, as octets."""
    text = openssl("ec", "-in", path, "-noout", "-text")
    found = re.search(r"priv:\s*([0-9a-f:\s]+?)pub:", text).group(1)
    return bytes.fromhex(re.sub(r"[^0-9a-f]", "", found))[-32:]


def present(pagemap, start, end):
    """Which parts of a mapping have pages: the core's memory is large and mostly never touched."""
    pagemap.seek(start // PAGE * 8)
    words = memoryview(pagemap.read((end - start) // PAGE * 8)).cast("Q")
    first = None
    for number, word in enumerate([*words, 0]):
        if word >> 62:
            first = number if first is None else first
        elif first is not None:
            yield start + first * PAGE, start + number * PAGE
            first = None


def dumped(pid):
    """Every piece of memory that a core dump would hold."""
    with open(f"/proc/{pid}/smaps", encoding="ascii", errors="replace") as file:
        text = file.read()
    with open(f"/proc/{pid}/mem", "rb", buffering=0) as memory, \
            open(f"/proc/{pid}/pagemap", "rb") as pagemap:
        for block in re.split(r"(?m)^(?=[0-9a-f]+-[0-9a-f]+ )", text)[1:]:
            start, end = (int(part, 16) for part in block.split(" ", 1)[0].split("-"))
            flags = re.search(r"VmFlags: (.*)", block).group(1).split()
            if "rd" not in flags or "dd" in flags or "io" in flags or end >> 47:
                continue
            for first, last in present(pagemap, start, end):
                try:
                    memory.seek(first)
                    yield memory.read(last - first)
                except OSError:
                    continue


@pytest.mark.skipif(os.geteuid() != 0, reason="looks into another process")
def test_a_core_dump_would_not_hold_the_key(bench):
    """And it does hold what is no secret, so the search is a search."""
    program = os.environ.get("SIPWARD_PLAIN", "")
    if not os.access(program, os.X_OK):
        pytest.skip("the sanitized server maps too much memory for this")
    bench.start([SELF], program=program)
    phone = bench.phone("7789", "TLS")
    phone.register(600, password=PASSWORD)
    key, pid = scalar(bench.shop.server.key), bench.server.program.process.pid
    hits = {"key": 0, "domain": 0}
    for piece in dumped(pid):
        hits["key"] += piece.count(key) + piece.count(key[::-1])
        hits["domain"] += piece.count(b"example.test")
    assert hits["domain"] > 0
    assert hits["key"] == 0


# ---- T20: secrets in what is written down -------------------------------------------------------

def test_secrets_stay_out_of_all_that_is_written(bench, window, tmp_path):
    records = str(tmp_path / "records")
    device, entry = bench.device("5000", "sip")
    bench.start([SELF, entry], admin=window.path, records=records)
    phone = bench.phone("7789", "TLS")
    phone.register(600, password=PASSWORD)
    proofs = [re.search(r'response="([0-9a-f]+)"', value).group(1)
              for record in phone.log if record.way == "out"
              for name, value in record.message.headers if name == "Authorization"]
    assert proofs
    body = sdp() + (b"a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:" + MEDIA_KEY.encode() + b"\r\n")
    call, seen = bench.talk(phone, device, "5000", body=body)
    written = [window.run(*words)[1] for words in (
        ["status"], ["show", "calls"], ["show", "registrations"], ["status", "--json"],
        ["show", "calls", "--json"], ["show", "registrations", "--json"])]
    bench.hang_up(call, seen)
    broken = bench.raw("UDP")
    broken.send(f"REGISTER sip:example.test SIP/2.0\r\nAuthorization: Digest {PASSWORD}\r\n\r\n"
                .encode())
    bench.server.await_line("malformed|missing|octet")
    bench.server.await_idle()
    with open(records, encoding="utf-8") as file:
        written.append(file.read())
    written.append(bench.server.log())
    assert json.loads(written[-2])["sip_code"] == 200
    for secret in [PASSWORD, MEDIA_KEY, *proofs]:
        assert not any(secret in text for text in written), secret


# ---- T20: the addresses of one leg on the other -------------------------------------------------

@pytest.mark.parametrize("a_side,b_side", [("sips", "sip"), ("sip", "sips"), ("sip", "sip")])
def test_nothing_of_one_legs_addresses_is_on_the_other(bench, a_side, b_side):
    """Neither where a phone is nor how it names itself: Via, Contact, Call-ID, an identity header."""
    caller, device = bench.line(a_side, b_side)
    inner = "inner-canary.example"
    call, seen = bench.talk(caller, device, headers=[
        ("User-Agent", "phone"), ("P-Preferred-Identity", f"<sip:me@{inner}>")])
    bench.hang_up(call, seen)
    for one, other in ((caller, device), (device, caller)):
        heard = "\n".join(str(record) for record in other.log if record.way == "in")
        assert heard
        assert f":{one.local[1]}" not in heard
        assert one.contact.strip("<>") not in heard
    heard = "\n".join(str(record) for record in device.log if record.way == "in")
    assert call.call_id not in heard and inner not in heard
    bench.check_legs(caller, device)


def test_the_modes_of_what_we_make(bench, window, tmp_path):
    records = str(tmp_path / "records")
    bench.start([SELF], admin=window.path, records=records,
                words=["--record", str(tmp_path / "run")])
    assert stat.S_IMODE(os.stat(window.path).st_mode) == 0o600
    assert stat.S_IMODE(os.stat(tmp_path / "run").st_mode) == 0o600
    assert stat.S_IMODE(os.stat(records).st_mode) & 0o037 == 0
