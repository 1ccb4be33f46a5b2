# SPDX-License-Identifier: Apache-2.0
"""Sockets of the test phones: UDP, TCP and TLS, all on one loop.

TLS runs over memory buffers, so that a test sees the raw octets too (`raw_in`).
"""
import selectors
import socket
import ssl

from .loop import family_of
from .message import StreamReader, parse_datagram, parse_head

READ, WRITE = selectors.EVENT_READ, selectors.EVENT_WRITE


class UdpEnd:
    """A UDP socket; owner.on_message(message, end, peer) is told what comes in."""
    transport = "UDP"
    secure = False

    def __init__(self, loop, owner, host="127.0.0.1", port=0):
        self.loop, self.owner = loop, owner
        self.socket = socket.socket(family_of(host), socket.SOCK_DGRAM)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        self.socket.bind((host, port))
        self.socket.setblocking(False)
        self.local = self.socket.getsockname()
        self.closed = False
        self.datagrams = []
        loop.add(self.socket, READ, self._readable)
        loop.ends.append(self)

    def _readable(self, _mask):
        while not self.closed:
            try:
                data, peer = self.socket.recvfrom(65536)
            except BlockingIOError:
                return
            except ConnectionRefusedError:
                continue
            self.datagrams.append(data)
            if data.strip(b"\r\n\0") and not self.owner.is_raw:
                self.owner.on_message(parse_datagram(data), self, peer)

    def send(self, data, peer):
        self.socket.sendto(data, peer)

    def close(self):
        if not self.closed:
            self.closed = True
            self.loop.remove(self.socket)
            self.socket.close()
            self.loop.ends.remove(self)


class StreamEnd:
    """A TCP or TLS connection, dialled or accepted."""

    def __init__(self, loop, owner, sock, tls=None, server_side=False, name=None, peer=None):
        self.loop, self.owner, self.socket = loop, owner, sock
        self.reader = StreamReader()
        self.raw_in = b""
        self.plain_in = b""
        self.raw_count = 0
        self.error = None
        self.closed = False
        self.local = sock.getsockname()
        self.peer = peer
        self.connected = server_side
        self.pending = b""
        self.waiting = b""
        self.tls = None
        self.shaken = tls is None
        if tls is not None:
            self.bio_in, self.bio_out = ssl.MemoryBIO(), ssl.MemoryBIO()
            self.tls = tls.wrap_bio(self.bio_in, self.bio_out, server_side=server_side,
                                    server_hostname=name)
        loop.ends.append(self)
        loop.add(sock, READ if server_side else READ | WRITE, self._ready)

    @property
    def secure(self):
        return self.tls is not None

    @property
    def transport(self):
        return "TLS" if self.tls else "TCP"

    @property
    def open(self):
        return self.connected and self.shaken and not self.closed

    def _ready(self, mask):
        if not self.connected:
            fault = self.socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
            if fault:
                return self._fail(OSError(fault, "connect"))
            self.connected = True
            self.local = self.socket.getsockname()
            self._step()
        if mask & READ and not self.closed:
            self._read()
        if not self.closed:
            self._flush()

    def _read(self):
        over = False
        while True:
            try:
                data = self.socket.recv(65536)
            except BlockingIOError:
                break
            except OSError as fault:
                return self._fail(fault)
            if not data:
                over = True
                break
            if len(self.raw_in) < 4096:
                self.raw_in += data
            self.raw_count += len(data)
            if self.tls:
                self.bio_in.write(data)
            else:
                self._take(data)
        if self.tls and not self.closed:
            self._step()
        if over and not self.closed:
            self._fail(None)

    def _step(self):
        """Drives handshake and decryption as far as the octets go."""
        if not self.tls:
            return
        try:
            if not self.shaken:
                self.tls.do_handshake()
                self.shaken = True
            while not self.closed:
                data = self.tls.read(65536)
                if not data:
                    self._flush()
                    return self._fail(None)
                self._take(data)
        except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
            pass
        except ssl.SSLZeroReturnError:
            self._fail(None)
        except ssl.SSLError as fault:
            self._flush()
            self._fail(fault)

    def _take(self, data):
        self.plain_in += data
        if self.owner.is_raw:
            return
        for message in self.reader.feed(data):
            self.owner.on_message(message, self, self.peer)

    def _flush(self):
        if self.waiting and self.connected and self.shaken:
            data, self.waiting = self.waiting, b""
            if self.tls:
                self.tls.write(data)
            else:
                self.pending += data
        if self.tls:
            self.pending += self.bio_out.read()
        while self.pending and self.connected and not self.closed:
            try:
                sent = self.socket.send(self.pending)
            except BlockingIOError:
                break
            except OSError as fault:
                return self._fail(fault)
            self.pending = self.pending[sent:]
        if not self.closed:
            busy = self.pending or not self.connected
            self.loop.change(self.socket, READ | WRITE if busy else READ, self._ready)

    def send(self, data, _peer=None):
        """Sends now, or as soon as the connection stands."""
        assert not self.closed, f"connection closed before sending: {self.error}"
        self.waiting += data
        self._flush()

    def _fail(self, fault):
        self.error = fault
        self.close(graceful=False)

    def close(self, graceful=True):
        if self.closed:
            return
        if graceful and self.tls and self.shaken:
            try:
                self.tls.unwrap()
            except ssl.SSLError:
                pass
            self.pending += self.bio_out.read()
            try:
                self.socket.send(self.pending)
            except OSError:
                pass
        self.closed = True
        self.loop.remove(self.socket)
        self.socket.close()
        self.loop.ends.remove(self)


def dial(loop, owner, peer, tls=None, name=None, source=None):
    """Starts a connection; `name` is what the certificate must say (default: the address)."""
    sock = socket.socket(family_of(peer[0]), socket.SOCK_STREAM)
    sock.setblocking(False)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    if source:
        sock.bind((source, 0))
    sock.connect_ex(peer)
    return StreamEnd(loop, owner, sock, tls, False, (name or peer[0]) if tls else None, peer)


class Listener:
    """Accepts connections for an owner and keeps all of them in `ends`."""

    def __init__(self, loop, owner, host, port, tls=None):
        self.loop, self.owner, self.tls = loop, owner, tls
        self.socket = socket.socket(family_of(host), socket.SOCK_STREAM)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind((host, port))
        self.socket.listen(64)
        self.socket.setblocking(False)
        self.local = self.socket.getsockname()
        self.ends = []
        self.closed = False
        loop.add(self.socket, READ, self._accept)
        loop.ends.append(self)

    def _accept(self, _mask):
        try:
            sock, peer = self.socket.accept()
        except BlockingIOError:
            return
        sock.setblocking(False)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.ends.append(StreamEnd(self.loop, self.owner, sock, self.tls, True, None, peer))

    def close(self):
        if not self.closed:
            self.closed = True
            self.loop.remove(self.socket)
            self.socket.close()
            self.loop.ends.remove(self)


class Deaf:
    """Watches ports of an address where nothing may ever arrive."""
    is_raw = True

    def __init__(self, loop, host, port):
        self.connections = Listener(loop, self, host, port)
        self.datagrams = UdpEnd(loop, self, host, port)

    def heard(self):
        return self.connections.ends or self.datagrams.datagrams


class Raw:
    """Sends octets as they are and reads answers without judging them."""
    is_raw = True

    def __init__(self, loop, transport, server, tls=None):
        self.loop, self.transport, self.server = loop, transport, server
        if transport == "UDP":
            self.end = UdpEnd(loop, self)
        else:
            self.end = dial(loop, self, server, tls)
            loop.wait("a connection", lambda: self.end.open)

    def send(self, data):
        self.end.send(data, self.server)

    def answers(self):
        """The heads of all responses so far (bodies are not expected here)."""
        if self.transport == "UDP":
            blocks = self.end.datagrams
        else:
            blocks = self._whole(self.end.plain_in)
        return [parse_head(block.partition(b"\r\n\r\n")[0]) for block in blocks]

    @staticmethod
    def _whole(data):
        blocks = data.split(b"\r\n\r\n")[:-1]
        return [block.lstrip(b"\r\n") for block in blocks if block.strip()]

    def await_status(self, code, seconds=5):
        """Awaits the first final answer, which must have that status."""
        def look():
            return next((m for m in self.answers() if m.status and m.status >= 200), None)
        found = self.loop.wait(f"a {code}", look, seconds)
        assert found.status == code, f"wanted {code}, got\n{found}"
        return found

    def await_close(self, seconds=5):
        self.loop.wait("the end of the connection", lambda: self.end.closed, seconds)

    def close(self):
        self.end.close()
