# SPDX-License-Identifier: Apache-2.0
"""What crosses the loopback in all tests of a file, and whether it tells of a sips leg in clear.

tools/run-tests gives each file a network of its own, where tshark hears every packet from the first
test to the last. A Call-ID that a phone of the kit says or hears over TLS in a request to a sips
URI is hidden: no octet that a server may have sent in clear holds it, neither from a port of its
own nor on a connection towards any other port. Only what a client said in clear to a server itself
is no secret any more.
"""
import re

from .loop import Loop
from .shark import Capture, may_capture

LISTENS = re.compile(r"sips?:(?:\[[^\]]*\]|[0-9.]+):([0-9]+)")
CALL_ID_BYTES_MIN = 8  # what is shorter may stand somewhere by chance


class Tap:
    def __init__(self):
        self.capture = None
        self.why = "it does not listen"
        self.hidden = set()   # Call-IDs of sips legs
        self.ours = set()     # ports of servers
        self.helpers = set()  # ports where a witness is without its TLS
        self.wrong = []       # what a server said within TLS and may not

    def open(self, path, folder):
        may, self.why = may_capture(path)
        if may:
            self.capture = Capture(Loop(), path, folder)

    def note_server(self, text):
        self.ours.update(int(port) for port in LISTENS.findall(text.partition("\ndn:")[0]))

    def note_helper(self, port):
        self.helpers.add(port)

    def note(self, record):
        """RECORD is what a phone sent or heard."""
        message = record.message
        if not record.secure or not message.is_request or not message.uri.startswith("sips:"):
            return record
        if len(message.call_id or "") >= CALL_ID_BYTES_MIN:
            self.hidden.add(message.call_id.encode())
        if record.way == "in" and "transport=tls" in message.uri.lower():
            self.wrong.append(f"transport=tls on a sips leg: {record}")
        return record

    def _is_servers(self, piece):
        if piece.source in self.ours:
            return True
        known = self.ours | self.helpers
        return piece.is_stream and piece.opened_to not in known and piece.target not in known

    def judge(self):
        """Ends: what is wrong, a sentence each."""
        self.capture.stop()
        pieces = self.capture.pieces()
        assert pieces or not self.hidden, "the capture is empty"
        told = {call_id for call_id in self.hidden for piece in pieces
                if piece.target in self.ours and call_id in piece.data}
        return self.wrong + [
            f"{call_id.decode()} of a sips leg in clear, from port {piece.source} "
            f"to {piece.target}" for piece in pieces if self._is_servers(piece)
            for call_id in self.hidden - told if call_id in piece.data]


TAP = Tap()
