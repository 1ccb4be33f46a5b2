# SPDX-License-Identifier: Apache-2.0
"""baresip without a head: a phone made by others that speaks outbound (RFC 5626) over TLS. Of
Digest it knows MD5, and gives up where something else is offered beside it: so it has no password."""
import os

from .program import Program

CONFIG = """\
poll_method epoll
sip_listen 127.0.0.1:0
sip_cafile {trust}
audio_source ausine,440
audio_player aufile,{home}/heard.wav
audio_alert aufile,{home}/alert.wav
net_interface 127.0.0.1
module_path {modules}
module stdio.so
module g711.so
module ausine.so
module aufile.so
module_tmp uuid.so
module_tmp account.so
module_app menu.so
"""
ACCOUNT = ("<sip:{user}@{server};transport=tls>;auth_pass=none;"
           "answermode=auto;regint=600;sipnat=outbound;"
           "outbound=\"sip:{server};transport=tls\"\n")
MODULES = ("/usr/lib/baresip/modules", "/usr/lib/x86_64-linux-gnu/baresip/modules")


class Baresip:
    def __init__(self, loop, path, folder, user, server, trust):
        self.home = os.path.join(str(folder), "baresip")
        os.makedirs(self.home, exist_ok=True)
        modules = next((folder for folder in MODULES if os.path.isdir(folder)), MODULES[0])
        self._write("config", CONFIG.format(trust=trust, home=self.home, modules=modules))
        self._write("accounts", ACCOUNT.format(user=user, server=f"127.0.0.1:{server[1]}"))
        self._write("contacts", "")
        # -s: what is said over SIP is printed, too.
        self.program = Program(loop, [path, "-s", "-f", self.home], "baresip", stdin=True,
                               env={"HOME": self.home, "PATH": os.environ.get("PATH", "/usr/bin"),
                                    "TERM": "dumb"}, cwd=self.home)

    def _write(self, name, text):
        with open(os.path.join(self.home, name), "w", encoding="ascii") as file:
            file.write(text)

    def await_line(self, pattern, seconds=10, start=0):
        return self.program.await_line(pattern, seconds, start)

    def kill(self):
        self.program.kill()
