# SPDX-License-Identifier: Apache-2.0
"""tshark on the loopback: what left in clear, and what the TLS held."""
import os
import re
import signal
import socket
import subprocess

from .program import Program

LEAK = re.compile(rb"sips:", re.IGNORECASE)


class Piece:
    """One datagram, or what one side of a connection said."""

    def __init__(self, is_stream, source, target, opened_to=None):
        self.is_stream, self.source, self.target = is_stream, source, target
        self.opened_to = opened_to  # the port that a connection was opened to
        self.data = b""


def may_capture(path):
    """Whether this user may listen on lo; else why not."""
    done = subprocess.run([path, "-D"], capture_output=True, text=True, timeout=20)
    return "(Loopback)" in done.stdout, done.stderr.strip()


class Capture:
    """One capture; start and end are fenced by marker datagrams that tshark must have seen."""

    def __init__(self, loop, path, folder):
        self.loop, self.path = loop, path
        self.file = os.path.join(str(folder), "wire.pcapng")
        self.marker = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.sink = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.sink.bind(("127.0.0.1", 0))
        self.port = self.sink.getsockname()[1]
        self.program = Program(loop, [path, "-i", "lo", "-f", "udp or tcp", "-s", "0", "-B", "64",
                                      "-w", self.file, "-P", "-l", "-n",
                                      "-T", "fields", "-e", "udp.dstport", "-e", "udp.length"],
                               "tshark")
        self._fence(11)

    def _fence(self, length):
        """Sends datagrams of one length until tshark has told of one of them."""
        line = rf"^{self.port}\t{length + 8}$"

        def seen():
            if self.program.find(line):
                return True
            assert not self.program.over, f"tshark ended:\n{self.program.text()}"
            self.marker.sendto(b"m" * length, ("127.0.0.1", self.port))
            self.loop.turn(0.1)
            return False
        self.loop.wait(lambda: f"tshark to see a marker:\n{self.program.text()[-2000:]}", seen, 15)

    def stop(self):
        self._fence(22)
        self.program.signal(signal.SIGINT)
        self.program.await_end(15)
        self.marker.close()
        self.sink.close()

    def kill(self):
        self.program.kill()

    # ---- reading --------------------------------------------------------------------------

    def _fields(self, names, *words):
        command = [self.path, "-r", self.file, "-n", *words, "-T", "fields"]
        for name in names:
            command += ["-e", name]
        done = self.loop.run_beside(lambda: subprocess.run(
            command, capture_output=True, text=True, timeout=60), "tshark", 70)
        assert done.returncode == 0, done.stderr
        return [line.split("\t") for line in done.stdout.splitlines()]

    def on_the_wire(self, ports):
        """The octets as they crossed the wire: each datagram, and each direction of each stream,
        that has one of the ports."""
        pieces = {}
        rows = self._fields(["frame.number", "udp.srcport", "udp.dstport", "udp.payload",
                             "tcp.stream", "tcp.srcport", "tcp.dstport", "tcp.payload"])
        for frame, usrc, udst, udata, stream, tsrc, tdst, tdata in rows:
            if udata and {int(usrc), int(udst)} & ports:
                pieces["datagram", frame] = bytes.fromhex(udata.replace(":", ""))
            elif tdata and {int(tsrc), int(tdst)} & ports:
                key = ("stream", stream, tsrc)
                pieces[key] = pieces.get(key, b"") + bytes.fromhex(tdata.replace(":", ""))
        return pieces

    def pieces(self):
        """All that crossed the wire."""
        datagrams, streams, opened = [], {}, {}
        rows = self._fields(["udp.srcport", "udp.dstport", "udp.payload", "tcp.stream",
                             "tcp.srcport", "tcp.dstport", "tcp.payload", "tcp.flags"],
                            "-Y", "udp or tcp.flags.syn == 1 or tcp.len > 0")
        for usrc, udst, udata, stream, tsrc, tdst, tdata, flags in rows:
            if udata:
                datagrams.append(Piece(False, int(usrc), int(udst)))
                datagrams[-1].data = bytes.fromhex(udata.replace(":", ""))
            elif stream:
                if int(flags, 16) & 0x12 == 0x02:
                    opened[stream] = int(tdst)
                if (stream, tsrc) not in streams:
                    streams[stream, tsrc] = Piece(True, int(tsrc), int(tdst), opened.get(stream))
                streams[stream, tsrc].data += bytes.fromhex(tdata.replace(":", ""))
        return datagrams + list(streams.values())

    def leaks(self, ports, call_ids):
        """Places in clear octets that hold `sips:` or the Call-ID of a sips leg."""
        words = [re.compile(re.escape(call_id.encode())) for call_id in call_ids] + [LEAK]
        return [(place, word.pattern) for place, data in self.on_the_wire(ports).items()
                for word in words if word.search(data)]

    def decrypted(self, keylog, tls_ports):
        """The SIP inside of TLS: (Call-ID, Request-URI or '', Contact) of each message."""
        words = ["-o", f"tls.keylog_file:{keylog}", "-Y", "sip and tls"]
        for port in tls_ports:
            words += ["-d", f"tls.port=={port},sip"]
        rows = self._fields(["sip.Call-ID", "sip.r-uri", "sip.Contact"], *words)
        return [(row + ["", ""])[:3] for row in rows]
