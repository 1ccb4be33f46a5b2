# SPDX-License-Identifier: Apache-2.0
"""What every captured message of a leg must obey, whatever the test is about."""
import re
from urllib.parse import unquote

from .legs import is_sips
from .message import LISTS, Address, Malformed, Via, long_name, split_list

PLAIN_URI = re.compile(r"(?<![A-Za-z0-9])sip:", re.IGNORECASE)
TLS_PARAMETER = re.compile(r"transport\s*=\s*\"?tls(?![\w-])", re.IGNORECASE)
# Whose URIs are of this leg, and so sips. Other fields may name who has no SIP URI at all (tel:).
URI_HEADERS = {"from", "to", "contact", "route", "record-route", "refer-to", "referred-by", "path",
               "service-route"}
WORDS = {"subject"}  # what a caller writes to be read crosses as it is, and leads nowhere
# They make a dialog or move its target: each has one Contact, and so has its 2xx.
REFRESHES = {"INVITE", "UPDATE", "SUBSCRIBE", "REFER"}


def head(message):
    return message.encode().partition(b"\r\n\r\n")[0].decode("utf-8", "replace")


def uri_text(value):
    try:
        return Address(value).uri.text
    except Malformed:
        return None


def is_binding_list(message):
    return message.status == 200 and message.cseq[1] == "REGISTER"


def is_echo(record, name, value):
    """Whether the server repeats what this phone said, and must, octet for octet."""
    message, asked = record.message, record.answers
    if asked is not None:
        # RFC 3261 8.2.6.2, 12.1.1: Via (with received and rport in it), From, To (with a tag) and
        # Record-Route of a response are those of its request; RFC 3327 5.3: so is Path.
        if name == "via":
            return True
        if name in ("from", "record-route", "path"):
            return value in asked.values(name)
        if name == "to":
            return uri_text(value) == uri_text(asked.get("To"))
    # RFC 3261 12.2.1.1: From and To stay for the whole dialog as the one that opened it said them.
    return message.is_request and name in ("from", "to") and uri_text(value) in record.leg.parties


def own_values(record):
    """(name, value) of what the server itself says in a message; lists are taken apart."""
    for name, line in record.message.headers:
        name = long_name(name).lower()
        for value in split_list(line) if name in LISTS else [line]:
            if name in WORDS or is_echo(record, name, value):
                continue
            # RFC 5630 3.2: entries that came are left alone, whatever leg they came by.
            if name == "history-info" and value in record.history:
                continue
            # RFC 3261 10.3: the list of bindings shows the URIs that phones registered; what stands
            # beside them is the server's own.
            if name == "contact" and is_binding_list(record.message):
                uri = uri_text(value)
                if uri and uri in record.bindings:
                    yield "", value.replace(uri, "", 1)
                    continue
            yield name, value


def may_say_tls(record, name, value):
    """A DN with `emit-transport-tls` is shown it in Contacts. And a route set preserves all
    parameters of the Record-Routes that the phone put in (RFC 3261 12.1.1, 12.1.2)."""
    if name == "contact":
        return record.shows_tls
    return name == "route" and record.message.is_request and value in record.leg.routes


def value_faults(record, name, value):
    plain = unquote(value)  # an escaped letter is that letter
    if TLS_PARAMETER.search(plain) and not may_say_tls(record, name, value):
        yield f"transport=tls emitted in {name or 'a binding'}"
    if PLAIN_URI.search(plain):
        yield f"a sip URI on a sips leg in {name or 'a binding'}"
    elif name in URI_HEADERS and value != "*":
        Address(value)  # what is no SIP URI at all is Malformed


def contact_faults(message, tls_ports):
    """RFC 3261 8.1.1.8, 12.1.1, 12.2; RFC 3311 5.1; RFC 3515 2.2; RFC 6665 8.2.1."""
    kind = message.cseq[1]
    if message.is_request:
        needs = kind in REFRESHES
    elif kind == "INVITE":
        needs = 101 <= message.status <= 299 and message.address("To").tag
    else:
        needs = kind in REFRESHES and 200 <= message.status <= 299
    contacts = message.values("Contact")
    if needs and len(contacts) != 1:
        yield f"{len(contacts) or 'no'} Contact"
    # The bindings and where a redirection leads are others' addresses.
    if tls_ports and not is_binding_list(message) and not 300 <= (message.status or 0) <= 399:
        if any((Address(value).uri.port or 5061) not in tls_ports for value in contacts):
            yield "Contact names no TLS listener"


def sips_faults(record, tls_ports):
    """What is wrong with a message that the server said to a phone on a sips leg, a sentence each:
    S2, S3, S4, S6 and R5630-3.1.4-b. TLS_PORTS: where the server listens; empty: unknown."""
    message = record.message
    faults = [] if record.secure else ["a sips leg in clear"]
    if message.is_request:
        # RFC 3261 12.2.1.1: the remote target stays as the phone's Contact has it. One that is sip
        # is kept, and its requests stay on the TLS connection.
        if not is_sips(message.uri) and message.uri not in record.leg.targets:
            faults.append("Request-URI is not sips")
        if TLS_PARAMETER.search(unquote(message.uri)):
            faults.append("transport=tls emitted in the Request-URI")
        if len(message.values("Via")) != 1:
            faults.append("not one Via")
        if message.via.transport != "TLS":
            faults.append("Via is not TLS")
        if tls_ports and (message.via.port or 5061) not in tls_ports:
            faults.append("Via names no TLS listener")
    for name, value in own_values(record):
        faults += value_faults(record, name, value)
    return faults + list(contact_faults(message, tls_ports))


def check_sips_leg(phone, tls_ports):
    """All that came to this phone was of sips legs, and nothing of it is wrong."""
    assert phone.log, "nothing was captured"
    for record in phone.log:
        if record.way == "in":
            assert record.secure, f"a sips leg in clear: {record}"
            assert record.leg.is_sips, f"not of a sips leg: {record}"
            faults = sips_faults(record, tls_ports)
            assert not faults, f"{'; '.join(faults)}: {record}"


def check_sip_leg(phone, transport):
    """No trace of sips, and Via and Contact speak of the transport that is really used."""
    assert phone.log, "nothing was captured"
    want = {"UDP": None, "TCP": "tcp", "TLS": "tls"}[transport]
    for record in phone.log:
        if record.way != "in":
            continue
        message = record.message
        assert "sips" not in str(message).lower(), f"sips on a sip leg: {record}"
        assert record.transport == transport, f"not over {transport}: {record}"
        if message.is_request:
            assert message.via.transport == transport, f"Via is not {transport}: {record}"
        if message.has("Contact") and message.cseq[1] != "REGISTER":
            kind = message.address("Contact").uri.params.get("transport")
            got = kind.lower() if kind else None
            assert got == want or (want is None and got == "udp"), f"Contact transport: {record}"


def check_leg(phone, tls_ports):
    if phone.scheme == "sips":
        check_sips_leg(phone, tls_ports)
    else:
        check_sip_leg(phone, phone.transport)


def identifiers(phone):
    """Call-IDs, tags and branches that were seen on a phone's wire."""
    found = set()
    for record in phone.log:
        message = record.message
        found.add(message.call_id)
        for name in ("From", "To"):
            if message.address(name).tag:
                found.add(message.address(name).tag)
        found.update(Via(value).branch for value in message.values("Via"))
    return found - {None}


def check_no_shared_identifiers(one, other):
    """The legs share no Call-ID, tag or branch, and show no address of the other side."""
    for left, right in ((one, other), (other, one)):
        host, port = left.local
        for record in right.log:
            text = head(record.message)
            for word in identifiers(left):
                assert word not in text, f"{word} of the other leg in {record}"
            if record.way == "in":
                assert f"{host}:{port}" not in text, f"the other side's address in {record}"


def call_uuids(phone, name="X-Genesys-CallUUID"):
    return {value for record in phone.log if record.way == "in"
            for value in record.message.values(name)}
