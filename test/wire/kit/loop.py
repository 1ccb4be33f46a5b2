# SPDX-License-Identifier: Apache-2.0
"""One event loop for all phones of a test: nothing runs but what a test waits for."""
import os
import selectors
import socket
import threading
import time


class Late(AssertionError):
    """What a test waited for did not come in time."""


class Loop:
    def __init__(self):
        self.selector = selectors.DefaultSelector()
        self.ends = []
        self.read_fd, self.write_fd = os.pipe()
        os.set_blocking(self.read_fd, False)
        os.set_blocking(self.write_fd, False)
        self.selector.register(self.read_fd, selectors.EVENT_READ, self._drain)

    def _drain(self, _mask):
        try:
            while os.read(self.read_fd, 4096):
                pass
        except BlockingIOError:
            pass

    def wake(self):
        """May be called by any thread: makes the loop look again at what it waits for."""
        try:
            os.write(self.write_fd, b"!")
        except OSError:
            pass

    def add(self, sock, events, call):
        self.selector.register(sock, events, call)

    def change(self, sock, events, call):
        self.selector.modify(sock, events, call)

    def remove(self, sock):
        try:
            self.selector.unregister(sock)
        except (KeyError, ValueError):
            pass

    def turn(self, seconds):
        for key, mask in self.selector.select(max(0.0, seconds)):
            key.data(mask)

    def wait(self, what, done, seconds=5.0):
        """Runs until done() is true and gives its value; `what` names it when it does not come."""
        end_at = time.monotonic() + seconds
        while True:
            value = done()
            if value:
                return value
            left = end_at - time.monotonic()
            if left <= 0:
                text = what() if callable(what) else what
                raise Late(f"waited {seconds:g} s for {text}")
            self.turn(min(left, 0.25))

    def never(self, what, seen, seconds):
        """Runs for the time given; fails as soon as seen() is true."""
        end_at = time.monotonic() + seconds
        while time.monotonic() < end_at:
            self.turn(min(0.05, max(0.0, end_at - time.monotonic())))
            value = seen()
            assert not value, f"{what}: {value}"

    def run_beside(self, work, what, seconds):
        """Runs a blocking function on a thread while the phones go on living."""
        box = {}

        def body():
            try:
                box["value"] = work()
            except BaseException as fault:  # handed to the waiting test
                box["fault"] = fault
            box["over"] = True
            self.wake()

        threading.Thread(target=body, daemon=True).start()
        self.wait(what, lambda: box.get("over"), seconds)
        if "fault" in box:
            raise box["fault"]
        return box["value"]

    def close(self):
        for end in list(self.ends):
            end.close()
        self.selector.close()
        os.close(self.read_fd)
        os.close(self.write_fd)


_given = set()


def family_of(host):
    return socket.AF_INET6 if ":" in host else socket.AF_INET


def host_text(host):
    """A host as it stands in a URI."""
    return f"[{host}]" if ":" in host else host


def port_is_free(host, port):
    for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
        with socket.socket(family_of(host), kind) as probe:
            if kind == socket.SOCK_STREAM:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host, port))
            except OSError:
                return False
    return True


def free_port(host="127.0.0.1"):
    """A port free for UDP and TCP, below the range that the kernel gives to clients."""
    start = int.from_bytes(os.urandom(2), "big")
    for step in range(11000):
        port = 20000 + (start + step * 7) % 11000
        if port not in _given and port_is_free(host, port):
            _given.add(port)
            return port
    raise RuntimeError("no free port")
