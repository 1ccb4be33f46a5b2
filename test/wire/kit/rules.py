# SPDX-License-Identifier: Apache-2.0
"""What every captured message of a leg must obey, whatever the test is about."""
import re

from .message import Address, Via

PLAIN_URI = re.compile(r"(?<![A-Za-z0-9])sip:", re.IGNORECASE)
TLS_PARAMETER = re.compile(r"transport=tls", re.IGNORECASE)
URI_HEADERS = ("From", "To", "Contact", "Route", "Record-Route", "Refer-To", "Referred-By",
               "Path", "Service-Route")


def head(message):
    return message.encode().partition(b"\r\n\r\n")[0].decode("utf-8", "replace")


def makes_dialog(message):
    return message.method in ("INVITE", "SUBSCRIBE", "REFER") and not message.address("To").tag


def own_head(message):
    """The head without what is echoed as it first came (RFC 3261 8.2.6.2, 12.2.1.1)."""
    return "\r\n".join(line for line in head(message).split("\r\n")
                       if not line.lower().startswith(("to:", "from:", "via:")))


def check_sips_leg(phone, tls_ports):
    """S2, S3, S4 and S6 on each message that came to this phone over a sips leg."""
    assert phone.log, "nothing was captured"
    for record in phone.log:
        if record.way != "in":
            continue
        message = record.message
        assert record.secure, f"a sips leg in clear: {record}"
        for name in URI_HEADERS:
            for value in message.values(name):
                assert Address(value).uri.scheme == "sips", f"{name} is not sips: {record}"
        assert not PLAIN_URI.search(head(message)), f"a sip URI on a sips leg: {record}"
        is_binding_list = message.status == 200 and message.cseq[1] == "REGISTER"
        if not is_binding_list:
            assert not TLS_PARAMETER.search(own_head(message)), f"transport=tls emitted: {record}"
        if message.is_request:
            assert message.uri.startswith("sips:"), f"Request-URI is not sips: {record}"
            via = message.via
            assert via.transport == "TLS", f"Via is not TLS: {record}"
            assert (via.port or 5061) in tls_ports, f"Via names no TLS listener: {record}"
            if message.method in ("INVITE", "UPDATE"):
                assert message.has("Contact"), f"no Contact: {record}"
        elif message.cseq[1] == "INVITE" and 101 <= message.status <= 299:
            if message.address("To").tag:
                assert message.has("Contact"), f"no Contact: {record}"
        if message.has("Contact") and not is_binding_list:
            port = message.address("Contact").uri.port or 5061
            assert port in tls_ports, f"Contact names no TLS listener: {record}"


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
