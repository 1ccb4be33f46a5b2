# SPDX-License-Identifier: Apache-2.0
"""What crosses the loopback in all tests of a file: whether a server keeps a sips leg as it must.

Each message that a phone of the kit hears on a sips leg is judged by rules.sips_faults, whatever
the test is about; the test in which a server said something wrong fails.

And tools/run-tests gives each file a network of its own, where tshark hears every packet from the
first test to the last. A Call-ID that a phone of the kit says or hears over TLS in a request to a
sips URI is hidden: no octet that a server may have sent in clear holds it, neither from a port of
its own nor on a connection towards any other port. Only what a client said in clear to a server
itself is no secret any more.
"""
import re

from .legs import NOWHERE, is_sips
from .loop import Loop
from .message import Malformed
from .rules import sips_faults, uri_text
from .shark import Capture, may_capture

LISTENS = re.compile(r"sips?:(?:\[[^\]]*\]|[0-9.]+):([0-9]+)[^\s\",]*")
SHOWS_TLS = re.compile(r"number: \"([^\"]+)\"[^}\n]*emit-transport-tls: \"?yes")
CALL_ID_BYTES_MIN = 8  # what is shorter may stand somewhere by chance


class Tap:
    def __init__(self):
        self.capture = None
        self.why = "it does not listen"
        self.hidden = set()     # Call-IDs of sips legs
        self.ours = set()       # ports of servers
        self.tls_ports = set()  # those where they speak TLS
        self.helpers = set()    # ports where a witness is without its TLS
        self.shows_tls = set()  # numbers whose DN has `emit-transport-tls`
        self.bindings = set()   # the URIs that phones registered
        self.history = set()    # the entries of History-Info that they said
        self.wrong = []         # what a server said and may not
        # Messages that phones heard: on sips legs, all others, and those of them of unknown legs.
        self.judged = self.passed = self.unplaced = 0

    def open(self, path, folder):
        may, self.why = may_capture(path)
        if may:
            self.capture = Capture(Loop(), path, folder)

    def note_server(self, text):
        for found in LISTENS.finditer(text.partition("\ndn:")[0]):
            self.ours.add(int(found.group(1)))
            if is_sips(found.group(0)) or found.group(0).lower().endswith(";transport=tls"):
                self.tls_ports.add(int(found.group(1)))
        self.shows_tls.update(SHOWS_TLS.findall(text))

    def note_helper(self, port):
        self.helpers.add(port)

    def note(self, record, phone):
        """RECORD is what PHONE sent or heard, just now."""
        message = record.message
        phone.legs.place(record)
        if record.way == "in":
            record.bindings, record.history = self.bindings, self.history
            record.shows_tls = phone.user in self.shows_tls
            self._judge_message(record, phone.is_behind_proxy)
        else:
            self.history.update(message.values("History-Info"))
            if message.method == "REGISTER":
                self.bindings.update(uri_text(value) for value in message.values("Contact"))
        if record.secure and message.is_request and is_sips(message.uri) \
                and len(message.call_id or "") >= CALL_ID_BYTES_MIN:
            self.hidden.add(message.call_id.encode())
        return record

    def _judge_message(self, record, is_others):
        if is_others or not record.leg.is_sips:
            self.passed += 1
            self.unplaced += record.leg is NOWHERE
            return
        self.judged += 1
        try:
            faults = sips_faults(record, self.tls_ports)
        except Malformed as fault:
            faults = [str(fault)]
        if faults:
            self.wrong.append(f"{'; '.join(faults)}: {record}")

    def take_wrong(self):
        """What was wrong since it was last taken, as a text; empty: nothing."""
        wrong, self.wrong = self.wrong, []
        return "\n".join(wrong[:20])

    def summary(self):
        return f"tap: {self.judged} messages on sips legs judged, {self.passed} others heard, " \
            f"{self.unplaced} of them of no known leg"

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
        return [
            f"{call_id.decode()} of a sips leg in clear, from port {piece.source} "
            f"to {piece.target}" for piece in pieces if self._is_servers(piece)
            for call_id in self.hidden - told if call_id in piece.data]


TAP = Tap()
