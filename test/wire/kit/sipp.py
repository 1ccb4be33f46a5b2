# SPDX-License-Identifier: Apache-2.0
"""sipp, and stunnel to put TLS before it."""
import os

from .program import Program
from .tap import TAP


class Sipp:
    """One run of a scenario, built in ('uac', 'uas') or of our own (a path)."""

    def __init__(self, loop, path, folder, scenario, local, remote=None, transport="u1", calls=1,
                 words=()):
        name = os.path.basename(str(scenario))
        self.folder = os.path.join(str(folder), f"sipp-{name}-{local[1]}")
        os.makedirs(self.folder)
        kind = "-sf" if os.path.sep in str(scenario) else "-sn"
        command = [path, kind, scenario, "-i", local[0], "-p", str(local[1]), "-t", transport,
                   "-m", str(calls), "-nostdin", "-trace_err", "-trace_msg", "-error_file",
                   os.path.join(self.folder, "errors"), "-message_file",
                   os.path.join(self.folder, "messages"), "-timeout", "30", "-timeout_error",
                   *words]
        if remote:
            command.append(f"{remote[0]}:{remote[1]}")
        env = dict(os.environ, TERM="dumb")
        self.program = Program(loop, command, f"sipp {name}", cwd=self.folder, env=env)

    def _read(self, name):
        try:
            with open(os.path.join(self.folder, name), encoding="utf-8", errors="replace") as file:
                return file.read()
        except FileNotFoundError:
            return ""

    def messages(self):
        return self._read("messages")

    def await_success(self, seconds=15):
        code = self.program.await_end(seconds)
        assert code == 0, (f"{self.program.title} exit {code}\n{self._read('errors')}\n"
                           f"{self.messages()[-4000:]}\n{self.program.text()[-1500:]}")

    def kill(self):
        self.program.kill()


class Stunnel:
    """As a client: a plain port whose octets go on over TLS to a server that is checked.
    As a server: a TLS port whose octets go on in clear to a local program."""

    def __init__(self, loop, path, folder, accept, connect, trust=None, check_ip=None,
                 identity=None):
        TAP.note_helper((connect if identity else accept)[1])
        script = os.path.join(str(folder), f"stunnel-{accept[1]}.conf")
        lines = ["foreground = yes", "syslog = no", "debug = notice", "pid =", "[sip]",
                 f"accept = {accept[0]}:{accept[1]}", f"connect = {connect[0]}:{connect[1]}",
                 "TIMEOUTclose = 0"]
        if identity:
            lines += [f"cert = {identity.certificate}", f"key = {identity.key}"]
        else:
            lines += ["client = yes", f"CAfile = {trust}", "verifyChain = yes",
                      f"checkIP = {check_ip}"]
        with open(script, "w", encoding="ascii") as file:
            file.write("\n".join(lines) + "\n")
        self.program = Program(loop, [path, script], "stunnel")
        self.program.await_line(r"Configuration successful", 10)

    def kill(self):
        self.program.kill()
