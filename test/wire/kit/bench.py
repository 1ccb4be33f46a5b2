# SPDX-License-Identifier: Apache-2.0
"""One test's table: a loop, a server, and phones that find it."""
import contextlib
import os

from . import rules
from .loop import Loop, free_port, host_text
from .phone import Phone, TlsServerPeer
from .server import Server, config_text
from .wire import Raw


class Bench:
    def __init__(self, folder, shop, is_recorded=False):
        self.folder, self.shop = str(folder), shop
        self.is_recorded = is_recorded
        self.loop = Loop()
        self.servers = []
        self.programs = []
        self.ports = {}

    # ---- server --------------------------------------------------------------------------

    def ports_for(self, host="127.0.0.1"):
        """The listeners of a usual server: one port each for TLS, and for UDP with TCP."""
        plain, secure = free_port(host), free_port(host)
        self.ports = {"UDP": (host, plain), "TCP": (host, plain), "TLS": (host, secure)}
        host = host_text(host)
        return [f"sips:{host}:{secure}", f"sip:{host}:{plain};transport=udp",
                f"sip:{host}:{plain};transport=tcp"]

    def text(self, dn, listen=None, host="127.0.0.1", **more):
        if listen is None:
            listen = self.ports_for(host)
        more.setdefault("identity", self.shop.server)
        more.setdefault("trust", self.shop.authority.certificate)
        return config_text(listen, dn, **more)

    def start(self, dn, words=(), program=None, env=None, seconds=10, **more):
        return self.start_text(self.text(dn, **more), words, program, env, seconds)

    def start_text(self, text, words=(), program=None, env=None, seconds=10):
        folder = os.path.join(self.folder, f"server{len(self.servers)}")
        os.makedirs(folder)
        server = Server(self.loop, folder, text, words, program, env, self.is_recorded)
        self.servers.append(server)
        return server.await_ready(seconds)

    @property
    def server(self):
        return self.servers[-1]

    @property
    def tls_ports(self):
        return {self.ports["TLS"][1]}

    # ---- phones --------------------------------------------------------------------------

    def phone(self, user, transport="UDP", scheme=None, **more):
        """A phone with a flow of its own to the server."""
        if scheme is None:
            scheme = "sips" if transport == "TLS" else "sip"
        more.setdefault("server", self.ports[transport])
        if transport == "TLS":
            more.setdefault("tls_client", self.shop.authority.client_context())
        return Phone(self.loop, user, transport, scheme, **more)

    def raw(self, transport="UDP"):
        """A connection that sends octets as they are."""
        tls = self.shop.authority.client_context() if transport == "TLS" else None
        return Raw(self.loop, transport, self.ports[transport], tls)

    def peer(self, user, transport="UDP", scheme=None, host="127.0.0.1", port=0, identity=None,
             **more):
        """A device that waits at an address for the server to come."""
        if transport == "TLS":
            context = self.shop.authority.server_context(identity or self.shop.peer)
            return TlsServerPeer(self.loop, user, context, host, port, scheme or "sips", **more)
        return Phone(self.loop, user, transport, scheme or "sip", listen=(host, port), **more)

    def device(self, number, side, transport=None):
        """A called device for a scheme: listens, and gives its DN entry."""
        transport = transport or ("TLS" if side == "sips" else "UDP")
        peer = self.peer(number, transport, side)
        host, port = peer.local
        contact = f"{side}:{host}:{port}"
        if side == "sip":
            contact += f";transport={transport.lower()}"
        return peer, {"number": number, "type": "extension", "contact": contact}

    def line(self, a_side, b_side, dn=(), a_transport=None, b_transport=None, **more):
        """A server between a caller 7789 and a device 5000, each of its own scheme."""
        device, entry = self.device("5000", b_side, b_transport)
        self.start([entry, *dn], **more)
        transport = a_transport or ("TLS" if a_side == "sips" else "UDP")
        return self.phone("7789", transport, a_side), device

    @staticmethod
    def talk(caller, device, number="5000", **more):
        """Rings, answers and acknowledges; gives the call as each side sees it."""
        call = caller.call(number, **more)
        seen = device.await_call()
        seen.ring()
        call.await_ringing()
        seen.answer(ack=False)
        call.await_answer()
        seen.await_ack()
        return call, seen

    @staticmethod
    def hang_up(one, other):
        """BYE by the first, answered by the second, and the answer comes back."""
        bye = one.request("BYE")
        other.await_bye()
        return bye.await_final(200)

    # ---- one server for many tests ---------------------------------------------------------

    @contextlib.contextmanager
    def guests(self):
        """What a test opens is closed when it ends; a server that died is started anew, so that
        one test's fault stays its own."""
        if self.server.program.over:
            self.start_text(self.server.text)
        kept = list(self.loop.ends)
        try:
            yield self
        finally:
            for end in [end for end in self.loop.ends if end not in kept]:
                if not end.closed:
                    end.close()

    # ---- judgement -----------------------------------------------------------------------

    def check_legs(self, one, other):
        for phone in (one, other):
            rules.check_leg(phone, self.tls_ports)
        rules.check_no_shared_identifiers(one, other)

    def alive(self, transport="UDP"):
        """A good OPTIONS is answered, on a flow of its own."""
        phone = self.phone("probe", transport)
        phone.options()
        phone.close()

    def close(self):
        faults = []
        for thing in self.programs + self.servers:
            try:
                thing.kill() if hasattr(thing, "kill") else thing.close()
            except AssertionError as fault:
                faults.append(fault)
        self.loop.close()
        if faults:
            raise faults[0]
