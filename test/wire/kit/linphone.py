# SPDX-License-Identifier: Apache-2.0
"""linphonec without a head: a phone made by others that really speaks sips."""
import os
import re

from .program import Program

RC = """\
[sip]
sip_port=0
sip_tcp_port=0
sip_tls_port=-1
default_proxy=0
register_only_when_network_is_up=0
register_only_when_upnp_is_ok=0
verify_server_certs=1
verify_server_cn=1
root_ca={trust}
guess_hostname=1
use_ipv6=0
inc_timeout=30
media_encryption=none
keepalive_period=0
[net]
mtu=1300
nat_policy_ref=none
dns_srv_enabled=0
[rtp]
audio_rtp_port=-1
[sound]
playback_dev_id=ANALOG
[misc]
uuid=6bd9f4f3-58b6-00f1-bd42-2dbd1c0e2f0b
[proxy_0]
reg_proxy=<{scheme}:{server}{transport}>
reg_identity={scheme}:{user}@{domain}
reg_expires=600
reg_sendregister=1
publish=0
"""
AUTH = """\
[auth_info_0]
username={user}
passwd={password}
realm={domain}
domain={domain}
"""


class Linphone:
    def __init__(self, loop, path, folder, user, server, trust, domain="example.test",
                 scheme="sips", transport="", password=None):
        self.home = os.path.join(str(folder), "home")
        os.makedirs(os.path.join(self.home, ".local/share/linphone"), exist_ok=True)
        rc = os.path.join(self.home, "linphonerc")
        text = RC + (AUTH if password else "")
        with open(rc, "w", encoding="ascii") as file:
            file.write(text.format(user=user, server=f"localhost:{server[1]}", trust=trust,
                                   domain=domain, scheme=scheme, transport=transport,
                                   password=password))
        self.log_path = os.path.join(self.home, "linphone.log")
        env = {"HOME": self.home, "PATH": os.environ.get("PATH", "/usr/bin"), "LANG": "C.UTF-8",
               "TERM": "dumb"}
        self.program = Program(loop, [path, "-c", rc, "-d", "6", "-l", self.log_path], "linphonec",
                               stdin=True, env=env, cwd=self.home)
        self.loop = loop
        self.say("soundcard use files")

    def say(self, line):
        self.program.say(line)

    def await_log(self, pattern, seconds=10):
        """Waits for a line of its log file (what it prints waits in a buffer of its own)."""
        def look():
            found = re.search(pattern, self.log(), re.MULTILINE)
            assert found or not self.program.over, f"linphonec ended:\n{self.log()[-3000:]}"
            return found
        return self.loop.wait(lambda: f"{pattern!r} from linphonec:\n{self.log()[-6000:]}", look,
                              seconds)

    def await_registered(self, seconds=15):
        return self.await_log(r"to \[LinphoneRegistrationOk\]", seconds)

    def log(self):
        try:
            with open(self.log_path, encoding="utf-8", errors="replace") as file:
                return file.read()
        except FileNotFoundError:
            return ""

    def quit(self):
        if not self.program.over:
            try:
                self.say("quit")
                self.program.await_end(10)
            except (OSError, AssertionError):
                pass
        self.kill()

    def kill(self):
        self.program.kill()
