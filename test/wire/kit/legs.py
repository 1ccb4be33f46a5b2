# SPDX-License-Identifier: Apache-2.0
"""Whether a message is of a sips leg, and what the phone itself said there.

The scheme of a leg is that of the Request-URI that opened it: a response has it from its request,
and what is said inside a dialog from its first request, whatever its own Request-URI says.
"""
from .message import Address, Malformed


class Leg:
    """A dialog, or one request outside of any, at one phone."""

    def __init__(self, is_sips, parties=()):
        self.is_sips = is_sips
        self.parties = frozenset(parties)  # the URIs of From and To, where the phone chose them
        self.targets = set()               # the URIs of the phone's Contacts
        self.routes = set()                # its Record-Routes


NOWHERE = Leg(False)  # what belongs to nothing, as far as we can see


def is_sips(uri):
    return uri.lower().startswith("sips:")


class Legs:
    """The legs of one phone."""

    def __init__(self):
        self.legs = {}  # by Call-ID and the From tag of what opened it
        self.said = {}  # by branch and method: a request of the phone, and its leg
        self.heard = {}  # likewise: the leg of a request that came to it

    def place(self, record):
        """Says of a RECORD, which just happened, what it is a part of."""
        try:
            self._place(record)
        except (Malformed, ValueError, AttributeError):  # tests say things that cannot be read
            assert record.way == "out", f"cannot be read: {record}"

    def _place(self, record):
        message, is_out = record.message, record.way == "out"
        key = message.via.branch, message.cseq[1]
        if not message.is_request:
            if is_out:
                record.leg = self.heard.get(key, NOWHERE)
                self._aim(record)
            else:
                record.answers, record.leg = self.said.get(key, (None, NOWHERE))
            return
        sender, to = message.address("From"), message.address("To")
        leg = None
        if to.tag is not None:  # either side's tag may be the one that was there first
            leg = self.legs.get((message.call_id, sender.tag)) or self.legs.get(
                (message.call_id, to.tag))
        elif not is_out:  # who goes on with a Call-ID and a tag goes on with the leg
            leg = self.legs.get((message.call_id, sender.tag))
        # What a phone says in clear to a sips URI opens no sips leg: it is refused in clear. What a
        # server says to a sips URI is of a sips leg, wherever else it belongs.
        is_secure = is_sips(message.uri) and (record.secure or not is_out)
        if leg is None or (is_secure and not leg.is_sips and not is_out):
            leg = Leg(is_secure, (sender.uri.text, to.uri.text) if is_out else ())
            if to.tag is None:
                self.legs[message.call_id, sender.tag] = leg
        record.leg = leg
        if is_out:
            self.said[key] = message, leg
            self._aim(record)
        else:
            self.heard[key] = leg

    @staticmethod
    def _aim(record):
        """What the phone says is where requests of the leg go from now on, and by which way."""
        message, leg = record.message, record.leg
        if leg is NOWHERE:
            return
        leg.routes.update(message.values("Record-Route"))
        if message.has("Contact"):
            leg.targets.add(Address(message.get("Contact")).uri.text)
