# SPDX-License-Identifier: Apache-2.0
"""Runs the server under test and judges how it ends."""
import os
import re
import signal
import subprocess

from .program import Program
from .tap import TAP

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__)))))
FAULTS = re.compile(r"(ERROR|SUMMARY|WARNING): \w*Sanitizer|runtime error:|invariant broken")
ZERO = ("calls", "legs", "transactions", "timers")


def binary():
    return os.environ.get("SIPWARD", os.path.join(ROOT, "build", "sipward"))


def replay(path, *words):
    """`sipward-replay`: (exit code, all output); None where it was not built."""
    program = os.path.join(os.path.dirname(binary()), "sim", "sipward-replay")
    if not os.path.exists(program):
        return None
    done = subprocess.run([program, str(path), *words], stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=20)
    return done.returncode, done.stdout.decode("utf-8", "replace")


def quote(value):
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return str(value)
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(quote(item) for item in value) + "]"
    if isinstance(value, dict):
        return flow_map(value)
    return '"' + str(value).replace("\\", "\\\\").replace('"', '\\"') + '"'


def flow_map(items):
    return "{ " + ", ".join(f"{k.replace('_', '-')}: {quote(v)}" for k, v in items.items()) + " }"


FAST = {"t1": "20ms", "t2": "160ms", "t4": "100ms"}


def config_text(listen, dn, identity=None, trust=None, domain="example.test", timers=None,
                identities=None, tls=None, **more):
    """The text of a configuration file; other keys are given as keyword arguments."""
    lines = ["listen:"] + [f"  - {quote(uri)}" for uri in listen]
    lines.append(f"domain: {domain}")
    if identity or trust:
        lines.append("tls:")
        if identity:
            lines += [f"  certificate: {identity.certificate}", f"  key: {identity.key}"]
        if trust:
            lines.append(f"  trust: {trust}")
    lines += [f"  {key.replace('_', '-')}: {quote(value)}" for key, value in (tls or {}).items()]
    if identities:
        lines.append("identities:")
        lines += [f"  {name}: {quote(keys)}" for name, keys in identities.items()]
    timers = FAST if timers is None else timers
    if timers:
        lines.append(f"timers: {{ {', '.join(f'{k}: {v}' for k, v in timers.items())} }}")
    lines += [f"{key.replace('_', '-')}: {quote(value)}" for key, value in more.items()]
    lines.append("dn:")
    lines += [f"  - {flow_map(entry)}" for entry in dn]
    return "\n".join(lines) + "\n"


def run_check(path, seconds=20):
    """`sipward check`: (exit code, all output)."""
    done = subprocess.run([binary(), "check", "-c", str(path)], stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, timeout=seconds, stdin=subprocess.DEVNULL)
    return done.returncode, done.stdout.decode("utf-8", "replace")


class Server:
    def __init__(self, loop, folder, text, words=(), program=None, env=None, is_recorded=False):
        self.loop, self.text = loop, text
        TAP.note_server(text)
        self.recording = os.path.join(str(folder), "recording") if is_recorded else None
        if self.recording:
            words = [*words, "--record", self.recording]
        self.path = os.path.join(str(folder), "sipward.yaml")
        with open(self.path, "w", encoding="utf-8") as file:
            file.write(text)
        more = dict(os.environ)
        more.setdefault("UBSAN_OPTIONS", "print_stacktrace=1:halt_on_error=1")
        more.setdefault("ASAN_OPTIONS", "detect_leaks=1:exitcode=99")
        more.update(env or {})
        self.program = Program(loop, [program or binary(), "serve", "-c", self.path, *words],
                               "sipward", env=more)
        self.stopped = False
        self.told_at = None
        # With timers of the RFC's length transactions outlive the calls by 32 s, and the server.
        self.is_fast = f"t1: {FAST['t1']}" in text
        self.forgiven = False

    @property
    def lines(self):
        return self.program.lines

    def log(self):
        return self.program.text()

    def await_ready(self, seconds=10):
        self.program.await_line(r"^sipward: ready\s*$", seconds)
        return self

    def await_line(self, pattern, seconds=5):
        return self.program.await_line(pattern, seconds)

    def resident_kib(self):
        with open(f"/proc/{self.program.process.pid}/status", encoding="ascii") as file:
            return int(re.search(r"VmRSS:\s+(\d+) kB", file.read()).group(1))

    @staticmethod
    def _read_counters(line):
        return {name: int(value) for name, value in re.findall(r"([a-z_\-0-9.]+)=(\d+)", line)}

    def counters(self):
        start = len(self.lines)
        self.program.signal(signal.SIGUSR1)
        found = self.program.await_line(r"(?:^|\s)counters (calls=\d+ .*)", 5, start)
        return self._read_counters(found.group(1))

    def await_counters(self, seconds=10, **wanted):
        """Asks again and again until the counters have the values that are wanted."""
        last = {}

        def look():
            last.clear()
            last.update(self.counters())
            if all(last.get(name) == value for name, value in wanted.items()):
                return dict(last)
            self.loop.turn(0.05)
            return None
        return self.loop.wait(lambda: f"counters {wanted}, last {last}\n{self.log()}", look,
                              seconds)

    def await_idle(self, seconds=10):
        """No call, leg, transaction or timer is left."""
        return self.await_counters(seconds, **{name: 0 for name in ZERO})

    def terminate(self):
        """SIGTERM, once: a second one would mean to end at once."""
        self.told_at = len(self.lines)
        self.program.signal(signal.SIGTERM)

    def stop(self, seconds=10):
        """SIGTERM: must exit 0, with no counter left and no sanitizer report."""
        if self.stopped:
            return
        self.stopped = True
        start = self.told_at if self.told_at is not None else len(self.lines)
        if not self.program.over and self.told_at is None:
            self.terminate()
        try:
            code = self.program.await_end(seconds)
        finally:
            self.program.kill()
        assert not FAULTS.search(self.log()), f"sanitizer report:\n{self.log()}"
        assert code == 0, f"exit {code} after SIGTERM:\n{self.log()}"
        last = [line for line in self.lines[start:] if "counters calls=" in line]
        assert last, f"no counters line at the end:\n{self.log()}"
        left = self._read_counters(last[-1])
        for name in ZERO if self.is_fast else ("calls", "legs"):
            assert left.get(name) == 0, f"{name} left at the end: {last[-1]}"

        if self.recording:
            self.replay()

    def replay(self):
        """What happened happens again, to the byte."""
        done = replay(self.recording)
        assert done is None or done[0] == 0, done[1]
        os.unlink(self.recording)

    def close(self):
        """For the fixture: stops if the test has not, and never leaves a process behind."""
        try:
            if not self.stopped and not self.forgiven:
                self.stop()
        finally:
            self.program.kill()
