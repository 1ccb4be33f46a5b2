# SPDX-License-Identifier: Apache-2.0
"""`sipward check`: every error in one pass, each with its place, its line and a caret."""
import re
import subprocess

import pytest

from kit.certs import Authority
from kit.server import Server, binary, config_text, run_check

DN = {"number": "5000", "type": "extension", "contact": "sip:127.0.0.1:5070;transport=udp"}
LISTEN = ["sips:127.0.0.1:5061", "sip:127.0.0.1:5060;transport=udp"]


@pytest.fixture
def check(tmp_path, shop):
    """Writes a configuration and checks it; gives (code, errors, output).
    An error is (line, column, text, source line, caret line)."""
    def run(text=None, dn=(DN,), listen=LISTEN, **more):
        if text is None:
            more.setdefault("identity", shop.server)
            more.setdefault("trust", shop.authority.certificate)
            text = config_text(listen, dn, **more)
        path = tmp_path / "sipward.yaml"
        path.write_text(text, encoding="utf-8")
        code, output = run_check(path)
        lines = output.splitlines()
        errors = []
        for at, line in enumerate(lines):
            found = re.match(rf"{re.escape(str(path))}:(\d+):(\d+): error: (.+)", line)
            if found:
                errors.append((int(found[1]), int(found[2]), found[3], *lines[at + 1:at + 3]))
        for number, column, _text, source, caret in errors:
            written = text.splitlines()[number - 1]
            if "password: " in written:
                continue
            assert written.strip() in source, f"{source!r} is not line {number}: {written!r}"
            assert "^" in caret and not caret.replace("^", "").replace("~", "").strip(" |\t"), caret
            shift = source.index(written.strip()) - (len(written) - len(written.lstrip()))
            assert caret.index("^") == column - 1 + shift, f"{source}\n{caret}\ncolumn {column}"
        assert (code == 6) == bool(errors), output
        assert code in (0, 6), output
        return code, errors, output
    return run


def only(errors, *words):
    """Exactly one error, whose text has all the words."""
    assert len(errors) == 1, errors
    for word in words:
        assert word.lower() in errors[0][2].lower(), f"{word!r} not in {errors[0][2]!r}"
    return errors[0]


def test_a_good_file(check):
    code, errors, output = check()
    assert code == 0 and not errors, output


@pytest.mark.parametrize("contact", [
    "*", "sips:127.0.0.2", "sips:127.0.0.2;transport=tls", "sips:127.0.0.2;transport=TCP",
    "sips:4711@fly.example.com:5071;transport=tls", "sips:[::1]:5061", "SIPS:127.0.0.2",
    "sip:127.0.0.2", "sip:127.0.0.2;transport=tls", "sip:x@127.0.0.2:5062;transport=tcp",
    "127.0.0.2:5060", "1077@127.0.0.2"])
def test_good_contacts(check, contact):
    code, _errors, output = check(dn=[{**DN, "contact": contact}])
    assert code == 0, output


@pytest.mark.parametrize("contact,word", [
    ("sips:127.0.0.2;transport=udp", "udp"), ("sips:127.0.0.2;transport=UDP", "udp"),
    ("sips:127.0.0.2;transport=sctp", "sctp"), ("sip:127.0.0.2;transport=ws", "ws"),
    ("sips:127.0.0.2;transport=tcp;transport=tls", "transport"), ("sips:", "host"),
    ("sips:@127.0.0.2", ""), ("sips:127.0.0.2:0", "port"), ("sips:127.0.0.2:65536", "port"),
    ("sips:127.0.0.2:port", ""), ("sips:127.0.0.2 ;transport=tls", ""), ("http://127.0.0.2", ""),
    ("tel:5000", ""), ("", ""), ("sips:127.0.0.2;transport=tls;lr", "")])
def test_bad_contacts_are_shown_with_a_caret(check, contact, word):
    code, errors, _output = check(dn=[{**DN, "contact": contact}])
    line, column, _text, source, _caret = only(errors, word)
    assert code == 6 and '"contact"' not in source
    written = source[source.index("- {"):]
    assert "contact:" in written and column > 4 and line > 5


def test_sips_over_udp_is_refused_with_its_cure(check):
    """The place is inside of the value, at or before the parameter."""
    _code, errors, _output = check(dn=[{**DN, "contact": "sips:127.0.0.2;transport=udp"}])
    _line, column, text, source, caret = only(errors, "sips", "udp")
    value = source.index("sips:127.0.0.2")
    assert value - 1 <= caret.index("^") <= source.index("udp")


def test_all_faults_in_one_pass(check, shop):
    text = config_text(LISTEN, [
        {**DN, "contact": "sips:127.0.0.2;transport=udp"},
        {"number": "5001", "type": "extensoin", "contact": "*"},
        {"number": "5000", "type": "extension", "contact": "*"},
        {"number": "5002", "type": "extension", "contact": "*", "pasword": "x"},
        {"number": "5003", "type": "trunk", "contact": "sip:127.0.0.3", "priority": "high"},
    ], identity=shop.server, trust="/nowhere/ca.pem", crossing="stricter", timers={"t1": "soon"},
        strangers="some")
    code, errors, output = check(text)
    assert code == 6
    for word in ("udp", "extensoin", "5000", "pasword", "priority", "/nowhere/ca.pem", "stricter",
                 "t1", "some"):
        assert any(word in error[2] or word in error[3] for error in errors), f"{word}:\n{output}"
    places = [(error[0], error[1]) for error in errors]
    assert len(set(places)) == len(places) and len(errors) >= 9
    assert places == sorted(places), "errors come in the order of the file"


@pytest.mark.parametrize("wrong,right", [("pasword", "password"), ("contcat", "contact"),
                                         ("tlsname", "tls-name"), ("pirority", "priority")])
def test_an_unknown_option_gets_did_you_mean(check, wrong, right):
    value = {"contcat": "*", "pirority": 1}.get(wrong, "x")
    _code, errors, _output = check(dn=[{**DN, wrong: value}])
    assert any(wrong in e[2] and right in e[2] and "did you mean" in e[2].lower() for e in errors)


@pytest.mark.parametrize("wrong,right", [("lisen", "listen"), ("domian", "domain"),
                                         ("resolvers", "resolver")])
def test_an_unknown_key_gets_did_you_mean(check, wrong, right):
    _code, errors, _output = check(**{wrong: "x"})
    only(errors, wrong, right, "did you mean")


@pytest.mark.parametrize("key,value", [
    ("store", "/var/lib/sipward/sipward.db")])
def test_what_is_not_carried_yet_is_refused(check, key, value):
    _code, errors, _output = check(**{key: value})
    error = only(errors)
    assert key in error[2] or key in error[3]


@pytest.mark.parametrize("option,value", [("contact-backup", "sip:127.0.0.9"),
                                          ("replace-prefix", 1),
                                          ("override-domain", "b.example"),
                                          ("refer-enabled", True)])
def test_options_that_are_not_carried_yet_are_refused(check, option, value):
    _code, errors, _output = check(dn=[{"number": "east", "type": "trunk", "prefix": 9,
                                        "contact": "sips:127.0.0.2", option: value}])
    error = only(errors)
    assert option in error[2] or option in error[3]


@pytest.mark.parametrize("mode", ["per-leg", "observe", "no-downgrade", "strict"])
def test_each_crossing_is_accepted(check, mode):
    assert check(crossing=mode, dn=[{**DN, "crossing": mode}])[0] == 0


def test_sips_must_fit_the_contact(check):
    _code, errors, _output = check(dn=[{**DN, "contact": "sip:127.0.0.2", "sips": "required"}])
    only(errors, "contact is not sips")


def test_each_type_has_its_own_options(check):
    _code, errors, _output = check(dn=[{**DN, "prefix": 9}])
    only(errors, "prefix")
    _code, errors, _output = check(dn=[{"number": "pbx", "type": "voip-service",
                                        "service-type": "msml", "contact": "sips:127.0.0.2"}])
    only(errors)
    _code, errors, _output = check(dn=[{"number": "q", "type": "acd-queue", "contact": "*"}])
    only(errors, "acd-queue")


def test_the_files_of_tls(check, shop, tmp_path):
    """Missing, expired, a key that does not fit, a file that is no certificate."""
    other = Authority(tmp_path / "other").issue("other", "IP:127.0.0.1")

    class Mixed:
        certificate, key = shop.server.certificate, other.key
    only(check(identity=Mixed)[1], "key")

    class Absent:
        certificate, key = str(tmp_path / "absent.pem"), shop.server.key
    _code, errors, output = check(identity=Absent)
    assert any("absent.pem" in e[2] or "absent.pem" in e[3] for e in errors), output
    assert any("expired" in e[2].lower() for e in check(identity=shop.expired)[1])
    garbage = tmp_path / "garbage.pem"
    garbage.write_text("nothing here\n", encoding="ascii")

    class Garbage:
        certificate, key = str(garbage), shop.server.key
    assert check(identity=Garbage)[1]
    assert check(trust=str(garbage))[1]


def test_sips_needs_a_certificate(check):
    text = config_text(LISTEN, [DN])
    assert check(text)[1], "a TLS listener without tls: was accepted"


@pytest.mark.parametrize("listen", ["sips:127.0.0.1:5061;transport=udp", "sip:127.0.0.1:70000",
                                    "sip:127.0.0.1:5060;transport=carrier-pigeon", "5060",
                                    "sip:nohost.example.test:5060"])
def test_bad_listeners(check, listen):
    _code, errors, _output = check(listen=[listen])
    only(errors)


def test_the_same_listener_twice(check):
    _code, errors, _output = check(listen=[LISTEN[1], LISTEN[1]])
    only(errors)


def test_a_listener_in_long_form(check, shop):
    text = config_text(LISTEN, [DN], identity=shop.server, trust=shop.authority.certificate)
    text = text.replace('"sip:127.0.0.1:5060;transport=udp"',
                        '{ uri: "sip:127.0.0.1:5060;transport=udp", advertise: '
                        '"sip.example.test:5060" }')
    assert check(text)[0] == 0


def test_an_unquoted_star_gets_its_cure(check):
    text = config_text(LISTEN[1:], [DN]).replace('"sip:127.0.0.1:5070;transport=udp"', "*")
    code, _errors, output = check(text)
    assert code == 6 and "quote" in output.lower(), output


def test_yaml_that_does_not_parse(check):
    code, errors, output = check("listen: [\n  - x\ndn: }\n")
    assert code == 6 and re.search(r"sipward\.yaml:\d+:\d+: error: ", output), output


@pytest.mark.parametrize("text", ["", "# nothing\n", "42\n", "[]\n", "listen: []\ndn: []\n"])
def test_a_file_with_nothing_to_do(tmp_path, text):
    path = tmp_path / "sipward.yaml"
    path.write_text(text, encoding="ascii")
    code, output = run_check(path)
    assert code == 6 and "error:" in output


def test_a_key_that_stands_twice(check):
    text = config_text(LISTEN[1:], [DN]) + "domain: other.test\n"
    _code, errors, _output = check(text)
    only(errors, "domain")


def test_a_file_that_is_not_there(tmp_path):
    code, output = run_check(tmp_path / "absent.yaml")
    assert code == 6 and "absent.yaml" in output


def test_a_secret_from_a_file(check, tmp_path):
    secret = tmp_path / "secret"
    secret.write_text("pass word\n", encoding="ascii")
    entry = {**DN, "contact": "*", "password": "${file:%s}" % secret}
    assert check(dn=[entry])[0] == 0
    entry["password"] = "${file:%s}" % (tmp_path / "gone")
    _code, errors, _output = check(dn=[entry])
    assert "gone" in only(errors)[2] + errors[0][3]


def test_a_password_is_not_shown(check):
    """An error elsewhere in the line prints the line, but not the secret in it."""
    _code, errors, output = check(dn=[{**DN, "contact": "*", "password": "geheim", "prefix": 9}])
    only(errors, "prefix")
    assert "geheim" not in output


def test_an_empty_password_is_an_error(check):
    _code, errors, _output = check(dn=[{**DN, "contact": "*", "password": ""}])
    only(errors, "password")


def test_a_sips_number_without_a_proof_is_a_warning(check):
    """`*` without a password: who registers is not authenticated; check says so, and is fine."""
    code, _errors, output = check(dn=[{**DN, "contact": "*"}])
    assert code == 0 and "warning" in output.lower() and "5000" in output


def test_serve_refuses_what_check_refuses(bench, tmp_path, shop):
    text = config_text(LISTEN, [{**DN, "contact": "sips:127.0.0.2;transport=udp"}],
                       identity=shop.server)
    server = Server(bench.loop, tmp_path, text)
    server.forgiven = True
    bench.servers.append(server)
    assert server.program.await_end(10) == 6
    assert re.search(r"sipward\.yaml:\d+:\d+: error: .*udp", server.log())
    assert "sipward: ready" not in server.log()


@pytest.mark.parametrize("verb", ["help", "version"])
def test_what_cannot_be_printed_is_told(verb):
    with open("/dev/full", "wb") as full:
        done = subprocess.run([binary(), verb], stdout=full, stderr=subprocess.PIPE,
                              timeout=20, stdin=subprocess.DEVNULL)
    assert done.returncode == 1
    assert b"sipward: error: what was to be printed could not be written" in done.stderr
