# SPDX-License-Identifier: Apache-2.0
"""Fixtures of the wire tests; each test ends by itself and leaves no process behind."""
import getpass
import os
import shutil
import signal
import sys
import tempfile

import pytest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from kit.bench import Bench  # noqa: E402
from kit.certs import Authority  # noqa: E402
from kit.loop import Late, free_port  # noqa: E402
from kit.program import Program  # noqa: E402
from kit.server import ROOT  # noqa: E402
from kit.tap import TAP  # noqa: E402

# The servers of these are recorded, and what happened to them must happen again, to the byte.
RECORDED = ("test_crossings", "test_dialog", "test_digest", "test_enrol", "test_names",
            "test_register", "test_targets")

# Of what the server said, a failing test shows no more than the end.
LOG_LINES_SHOWN = 150


class Shop:
    """The certificates of a run; each is made when it is first asked for."""

    def __init__(self, folder):
        self.folder = folder
        self.authority = Authority(folder / "ca")
        self._made = {}

    def _once(self, name, make):
        if name not in self._made:
            self._made[name] = make()
        return self._made[name]

    @property
    def server(self):
        return self._once("server", lambda: self.authority.issue(
            "server", "IP:127.0.0.1,DNS:sip.example.test,DNS:localhost"))

    @property
    def peer(self):
        return self._once("peer", lambda: self.authority.issue(
            "peer", "IP:127.0.0.1,IP:127.0.0.2,IP:127.0.0.3,DNS:peer.example.test"))

    def leaf(self, name, san, **more):
        return self._once(name, lambda: self.authority.issue(name, san, **more))

    @property
    def expired(self):
        return self._once("expired", lambda: self.authority.expired(
            "expired", "IP:127.0.0.1,IP:127.0.0.2"))

    @property
    def rogue(self):
        """A certificate with the right names by a CA that nobody trusts."""
        return self._once("rogue", lambda: Authority(self.folder / "rogue", "rogue CA").issue(
            "rogue", "IP:127.0.0.1,IP:127.0.0.2"))


class Tapped(pytest.Item):
    """The last test of a file: what crossed the loopback in all before it."""

    def runtest(self):
        if TAP.capture is None:
            pytest.skip(TAP.why)
        self.user_properties.append(("judged", TAP.judged))
        wrong = TAP.judge()
        assert not wrong, "\n".join(wrong[:20])
        assert not TAP.wrong, TAP.take_wrong()

    def reportinfo(self):
        return self.path, None, self.name


def pytest_collection_modifyitems(items):
    if items and "SIPWARD_TAP" in os.environ:
        parent = items[-1].getparent(pytest.Module)
        items.append(Tapped.from_parent(parent, name="test_nothing_of_a_sips_leg_in_clear"))


def pytest_collection_finish(session):
    path = shutil.which("tshark", path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")
    if not session.items or not isinstance(session.items[-1], Tapped):
        return
    if path:
        TAP.open(path, tempfile.mkdtemp(prefix="sipward-tap-"))
    else:
        TAP.why = "tshark is not installed"


def pytest_sessionfinish():
    if TAP.capture is not None:
        TAP.capture.kill()
        shutil.rmtree(os.path.dirname(TAP.capture.file), ignore_errors=True)


def pytest_terminal_summary(terminalreporter):
    terminalreporter.write_line(TAP.summary())


def pytest_configure(config):
    config.addinivalue_line("markers", "limit(seconds): the longest that a test may take")


@pytest.fixture(scope="session")
def shop(tmp_path_factory):
    return Shop(tmp_path_factory.mktemp("certs"))


@pytest.fixture
def bench(request, tmp_path, shop):
    table = Bench(tmp_path, shop, request.module.__name__ in RECORDED)
    request.node.bench = table
    yield table
    table.close()


@pytest.fixture(scope="module")
def shared_bench(request, tmp_path_factory, shop):
    """For files whose tests leave a server as they found it: one server for all of them."""
    table = Bench(tmp_path_factory.mktemp("shared"), shop, request.module.__name__ in RECORDED)
    yield table
    try:
        table.server.await_idle()
    finally:
        table.close()
        assert not TAP.wrong, TAP.take_wrong()


@pytest.fixture(autouse=True)
def tapped():
    """What a server said wrong on a sips leg fails the test in which it said it."""
    yield
    assert not TAP.wrong, TAP.take_wrong()


@pytest.fixture(autouse=True)
def deadline(request):
    """No test may hang: its time is up after 20 s, or what its `limit` mark says."""
    mark = request.node.get_closest_marker("limit")
    seconds = mark.args[0] if mark else 20

    def over(_signal, _frame):
        raise Late(f"the test took longer than {seconds} s")
    before = signal.signal(signal.SIGALRM, over)
    signal.alarm(seconds)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


@pytest.fixture
def plain_binary():
    """The build without sanitizers: their books would drown what is measured, and take its time."""
    path = os.environ.get("SIPWARD_PLAIN", os.path.join(ROOT, "build", "sipward"))
    if not os.path.exists(path):
        pytest.skip(f"no build without sanitizers at {path} (set SIPWARD_PLAIN)")
    with open(path, "rb") as file:
        if b"__asan_init" in file.read():
            pytest.skip(f"{path} is a build with sanitizers")
    return path


@pytest.fixture
def need():
    """Skips, visibly, where a witness program is not installed."""
    def ask(name):
        path = shutil.which(name, path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")
        if not path:
            pytest.skip(f"{name} is not installed")
        return path
    return ask


@pytest.fixture
def resolver(bench, need):
    """dnsmasq on a free port; gives a function that starts it with some names."""
    path = need("dnsmasq")

    def start(*words):
        port = free_port()
        program = Program(bench.loop, [
            path, "--keep-in-foreground", "--no-resolv", "--no-hosts", "--no-daemon",
            "--conf-file=/dev/null", "--pid-file=", "--log-queries", "--log-facility=-",
            f"--user={getpass.getuser()}", "--listen-address=127.0.0.1", "--bind-interfaces",
            f"--port={port}", "--local=/test/", *words], "dnsmasq")
        bench.programs.append(program)
        program.await_line(r"started, version")
        return program, f"127.0.0.1:{port}"
    return start


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    """A failing test shows what the server said."""
    outcome = yield
    report = outcome.get_result()
    table = getattr(item, "bench", None)
    if report.failed and table:
        for server in table.servers:
            text = "\n".join(server.lines[-LOG_LINES_SHOWN:])
            report.sections.append(("sipward", text))
