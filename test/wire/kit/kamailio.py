# SPDX-License-Identifier: Apache-2.0
"""kamailio with its TLS module as a next hop: it tells what came and over what."""
import os
import socket

from .program import Program

SCRIPT = """\
#!KAMAILIO
debug=2
log_stderror=yes
fork=yes
children=1
tcp_children=1
auto_aliases=no
disable_tcp=no
enable_tls=yes
tcp_accept_no_cl=no
{listen}
loadmodule "tm.so"
loadmodule "sl.so"
loadmodule "rr.so"
loadmodule "pv.so"
loadmodule "xlog.so"
loadmodule "textops.so"
loadmodule "siputils.so"
loadmodule "tls.so"
modparam("tls", "config", "{tls}")
{modules}
request_route {{
	xlog("L_NOTICE", "SAW proto=$proto method=$rm ruri=$ru from=$fu to=$tu "
		"contact=$ct via=$(hdr(Via)[0])\\n");
	if (is_method("OPTIONS")) {{
		sl_send_reply("200", "OK");
		exit;
	}}
{action}
}}
"""
REFUSE = """\
	if (!is_method("ACK")) {
		sl_send_reply("486", "Busy Here");
	}
	exit;
"""
FORWARD = """\
	if (has_totag()) {{
		loose_route();
		t_relay();
		exit;
	}}
	if (is_method("CANCEL")) {{
		t_relay();
		exit;
	}}
	record_route();
	$du = "sips:{host}:{port}";
	t_relay();
	exit;
"""
MODULES = """\
loadmodule "auth.so"
loadmodule "usrloc.so"
loadmodule "registrar.so"
loadmodule "nathelper.so"
modparam("auth", "algorithm", "{algorithm}")
modparam("usrloc", "db_mode", 0)
modparam("registrar|nathelper", "received_avp", "$avp(RECEIVED)")
"""
REGISTRAR = """\
	if (is_method("REGISTER")) {{
		if (!pv_www_authenticate("{realm}", "{password}", "0")) {{
			www_challenge("{realm}", "1");
			exit;
		}}
		xlog("L_NOTICE", "PROVED user=$au uri=$adu expires=$hdr(Expires)\\n");
		fix_nated_register();
		save("location");
		exit;
	}}
	if (has_totag()) {{
		loose_route();
		t_relay();
		exit;
	}}
	if (is_method("ACK|CANCEL")) {{
		t_relay();
		exit;
	}}
	record_route();
	if (lookup("location")) {{
		t_relay();
		exit;
	}}
	if (!pv_proxy_authenticate("{realm}", "{password}", "0")) {{
		proxy_challenge("{realm}", "1");
		exit;
	}}
	xlog("L_NOTICE", "PROVED user=$au uri=$adu call\\n");
	consume_credentials();
	$du = "{scheme}:{host}:{port}";
	t_relay();
	exit;
"""
TLS = """\
[server:default]
method = TLSv1.2+
certificate = {certificate}
private_key = {key}
verify_certificate = no
require_certificate = no
[client:default]
method = TLSv1.2+
certificate = {certificate}
private_key = {key}
ca_list = {trust}
verify_certificate = yes
require_certificate = yes
"""


class Kamailio:
    """Listens for TLS; refuses with 486, or forwards to (host, port) with sips. With `registrar`, a
    dict of realm, password, algorithm: challenges REGISTER and INVITE, calls those that
    registered, and forwards other calls; for UDP if that is its transport."""

    def __init__(self, loop, path, folder, identity, trust, host, port, forward=None,
                 registrar=None, transport="TLS"):
        self.folder = os.path.join(str(folder), "kamailio")
        os.makedirs(os.path.join(self.folder, "run"))
        self.address = (host, port)
        tls = self._write("tls.cfg", TLS.format(certificate=identity.certificate,
                                                key=identity.key, trust=trust))
        listen, modules = f"listen=tls:{host}:{port}", ""
        action = FORWARD.format(host=forward[0], port=forward[1]) if forward else REFUSE
        if registrar:
            modules = MODULES.format(algorithm=registrar["algorithm"])
            action = REGISTRAR.format(host=forward[0], port=forward[1],
                                      scheme="sips" if transport == "TLS" else "sip", **registrar)
        if transport == "UDP":
            listen = f"listen=udp:{host}:{port}\nlisten=tcp:{host}:{port}"
        script = self._write("kamailio.cfg", SCRIPT.format(listen=listen, tls=tls, action=action,
                                                           modules=modules))
        self.program = Program(loop, [path, "-f", script, "-DD", "-E", "-m", "32", "-M", "8",
                                      "-Y", os.path.join(self.folder, "run"), "-w", self.folder],
                               "kamailio")

    def _write(self, name, text):
        path = os.path.join(self.folder, name)
        with open(path, "w", encoding="ascii") as file:
            file.write(text)
        return path

    def await_ready(self, seconds=10):
        def look():
            assert not self.program.over, f"kamailio ended:\n{self.program.text()}"
            with socket.socket() as probe:
                if probe.connect_ex(self.address) == 0:
                    return True
            self.program.loop.turn(0.05)
            return False
        self.program.loop.wait(lambda: f"kamailio:\n{self.program.text()}", look, seconds)
        return self

    def await_saw(self, method, seconds=10):
        """The line about the first request of a method that came in."""
        return self.program.await_line(rf"SAW proto=\S+ method={method} .*", seconds).group(0)

    def kill(self):
        self.program.kill()
