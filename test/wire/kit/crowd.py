# SPDX-License-Identifier: Apache-2.0
"""crowd.py [--again] [--stages NAMES] [--at-once N] HOST PORT COUNT: COUNT connections that stop in
the middle of a TLS handshake, as many at each stage; N are on their way there at the same time.
Each line of its input is answered by one that says how many stand where, and how many the server
has closed; --again opens those anew. Ends with its input.
"""
import argparse
import errno
import os
import selectors
import socket
import ssl
import sys

READ, WRITE = selectors.EVENT_READ, selectors.EVENT_WRITE
STAGES = ("mute", "one-octet", "half-header", "header", "half-hello", "hello-but-one", "hello",
          "half-finished", "change-cipher", "key-exchange", "no-sip")
HEADER_BYTES = 5  # of a record
AT_ONCE = 128


def client_context(version):
    """Looks at nothing that the server shows: that is cheap."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.minimum_version = context.maximum_version = version
    return context


MODERN = client_context(ssl.TLSVersion.TLSv1_3)
OLDER = client_context(ssl.TLSVersion.TLSv1_2)


class Client:
    """A TLS client without a socket."""

    def __init__(self, context):
        self.came, self.said = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = context.wrap_bio(self.came, self.said, server_hostname="localhost")

    def hear(self, data=b""):
        """What it says to that; nothing, as long as it waits for more."""
        self.came.write(data)
        try:
            self.tls.do_handshake()
        except ssl.SSLWantReadError:
            pass
        return self.said.read()


def client_hello():
    return Client(MODERN).hear()


def first_words(hello):
    """What is sent at the stages where no answer is waited for."""
    return {"mute": b"", "one-octet": hello[:1], "half-header": hello[:HEADER_BYTES // 2],
            "header": hello[:HEADER_BYTES], "half-hello": hello[:len(hello) // 2],
            "hello-but-one": hello[:-1], "hello": hello}


def part_of(stage, flight):
    """How much of the client's second flight leaves: ChangeCipherSpec and Finished, and in TLS 1.2
    a ClientKeyExchange before both."""
    first = HEADER_BYTES + int.from_bytes(flight[3:HEADER_BYTES], "big")
    if stage in ("change-cipher", "key-exchange"):
        return flight[:first]
    return flight if stage == "no-sip" else flight[:(first + len(flight)) // 2]


class Dawdler:
    """One connection, and how far it has come."""

    def __init__(self, stage, where):
        self.stage, self.stands, self.client = stage, False, None
        self.socket = socket.socket()
        self.socket.setblocking(False)
        fault = self.socket.connect_ex(where)
        if fault not in (0, errno.EINPROGRESS):
            self.socket.close()
            raise OSError(fault, os.strerror(fault))

    def begin(self, words):
        if self.stage in words:
            self.socket.send(words[self.stage])
            self.stands = self.stage != "hello"
            return
        self.client = Client(OLDER if self.stage == "key-exchange" else MODERN)
        self.socket.send(self.client.hear())

    def hear(self):
        """Ends: False when the server has closed it."""
        try:
            data = self.socket.recv(65536)
        except BlockingIOError:
            return True
        except OSError:
            return False
        if data and not self.stands:
            flight = self.client.hear(data) if self.client else b""
            if flight:
                self.socket.send(part_of(self.stage, flight))
            self.stands = self.client is None or flight != b""
        if self.stands:
            self.client = None
        return data != b""


class Crowd:
    def __init__(self, host, port, count, stages=STAGES, is_again=False, at_once=AT_ONCE):
        self.where, self.is_again, self.at_once = (host, port), is_again, at_once
        self.selector = selectors.DefaultSelector()
        self.words = first_words(client_hello())
        self.left = [stages[n % len(stages)] for n in reversed(range(count))]
        self.standing = dict.fromkeys(STAGES, 0)
        self.closed = dict.fromkeys(STAGES, 0)
        self.on_the_way = 0

    def open(self):
        while self.left and self.on_the_way < self.at_once:
            try:
                one = Dawdler(self.left[-1], self.where)
            except OSError:
                return
            self.left.pop()
            self.on_the_way += 1
            self.selector.register(one.socket, WRITE, one)

    def move(self, one, mask):
        did_stand, is_open = one.stands, True
        try:
            if mask & WRITE:
                self.selector.modify(one.socket, READ, one)
                one.begin(self.words)
            else:
                is_open = one.hear()
        except OSError:
            is_open = False
        if did_stand and is_open:
            return
        if one.stands or not is_open:
            self.on_the_way -= not did_stand
            self.standing[one.stage] += is_open - did_stand
        if not is_open:
            self.selector.unregister(one.socket)
            one.socket.close()
            self.closed[one.stage] += 1
            if self.is_again:
                self.left.insert(0, one.stage)

    def told(self):
        return " ".join([f"standing={sum(self.standing.values())}",
                         f"closed={sum(self.closed.values())}",
                         f"coming={self.on_the_way + len(self.left)}"]
                        + [f"{stage}={self.standing[stage]}" for stage in STAGES]
                        + [f"closed-{stage}={self.closed[stage]}" for stage in STAGES])

    def run(self):
        self.selector.register(sys.stdin.buffer.raw, READ, None)
        while True:
            self.open()
            for key, mask in self.selector.select(0.05):
                if key.data is not None:
                    self.move(key.data, mask)
                elif not os.read(0, 1):
                    return
                else:
                    print(self.told(), flush=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--again", action="store_true")
    parser.add_argument("--stages", default=",".join(STAGES))
    parser.add_argument("--at-once", type=int, default=AT_ONCE)
    parser.add_argument("host")
    parser.add_argument("port", type=int)
    parser.add_argument("count", type=int)
    words = parser.parse_args()
    Crowd(words.host, words.port, words.count, words.stages.split(","), words.again,
          words.at_once).run()


if __name__ == "__main__":
    main()
