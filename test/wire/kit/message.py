# SPDX-License-Identifier: Apache-2.0
"""A strict reader and a plain writer of SIP messages.

The reader refuses what a careful peer would stumble over: a bare CR or LF, a folded line, a header
without a value, a second copy of a header that may come once, a wrong Content-Length, a URI with
parameters outside of angle brackets.
"""
import re

COMPACT = {
    "i": "Call-ID", "m": "Contact", "e": "Content-Encoding", "l": "Content-Length",
    "c": "Content-Type", "f": "From", "s": "Subject", "k": "Supported", "t": "To", "v": "Via",
    "r": "Refer-To", "b": "Referred-By", "u": "Allow-Events", "x": "Session-Expires",
}
SINGLE = {
    "from", "to", "call-id", "cseq", "max-forwards", "content-length", "content-type",
    "session-expires", "min-se", "expires", "min-expires", "user-agent", "server", "date",
    "retry-after", "subject", "timestamp", "rack", "rseq", "refer-to", "referred-by", "event",
    "subscription-state", "authorization", "x-genesys-calluuid", "content-encoding",
}
LISTS = {
    "via", "contact", "route", "record-route", "allow", "supported", "require", "proxy-require",
    "unsupported", "allow-events", "accept", "accept-encoding", "accept-language", "warning",
    "path", "service-route", "history-info",
}
TOKEN = re.compile(r"[A-Za-z0-9\-.!%*_+`'~]+\Z")
REQUEST = re.compile(r"([A-Za-z0-9\-.!%*_+`'~]+) (\S+) SIP/2\.0\Z")
STATUS = re.compile(r"SIP/2\.0 ([1-6][0-9][0-9]) ([^\r\n]*)\Z")


class Malformed(Exception):
    """What was read is not a well-formed message."""


def long_name(name):
    return COMPACT.get(name.lower(), name)


def split_list(value):
    """Splits at commas that stand outside of quotes and angle brackets."""
    parts, start, quoted, angle, at = [], 0, False, False, 0
    while at < len(value):
        letter = value[at]
        if quoted and letter == "\\":
            at += 1
        elif letter == '"':
            quoted = not quoted
        elif not quoted and letter in "<>":
            angle = letter == "<"
        elif letter == "," and not quoted and not angle:
            parts.append(value[start:at].strip())
            start = at + 1
        at += 1
    parts.append(value[start:].strip())
    return parts


def split_params(text):
    """Reads ';a=b;c' into a dictionary with lower-case names; a name may come once."""
    params = {}
    for part in re.findall(r';\s*((?:[^;"]|"(?:[^"\\]|\\.)*")*)', text):
        name, has_value, value = part.partition("=")
        name = name.strip().lower()
        if not name or name in params:
            raise Malformed(f"parameter {name!r} empty or twice in {text!r}")
        params[name] = value.strip() if has_value else None
    return params


class Uri:
    """scheme:user@host:port;params?headers, with the text as it was written."""

    PATTERN = re.compile(
        r"(sips?):(?:([^@<> ]+)@)?(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9.\-]+)(?::([0-9]{1,5}))?"
        r"((?:;[^;?]+)*)(\?.+)?\Z", re.IGNORECASE)

    def __init__(self, text):
        found = self.PATTERN.match(text)
        if not found:
            raise Malformed(f"not a SIP URI: {text!r}")
        self.text = text
        self.scheme = found.group(1).lower()
        self.user = found.group(2)
        self.host = found.group(3)
        self.port = int(found.group(4)) if found.group(4) else None
        self.params = split_params(found.group(5))
        self.headers = found.group(6)

    @property
    def address(self):
        return self.host.strip("[]"), self.port or (5061 if self.scheme == "sips" else 5060)

    def __repr__(self):
        return self.text


class Address:
    """A name-addr or addr-spec with its header parameters."""

    def __init__(self, value):
        found = re.match(r'\s*(?:("(?:[^"\\]|\\.)*"|[^<>"]*?)\s*)<([^<>]*)>(.*)\Z', value, re.S)
        if found:
            self.display, uri, rest = found.group(1), found.group(2), found.group(3)
        else:
            self.display = ""
            uri, mark, rest = value.strip().partition(";")
            rest = mark + rest
        self.uri = Uri(uri)
        self.has_brackets = bool(found)
        if not found and (self.uri.params or self.uri.headers):
            raise Malformed(f"a URI with parameters needs angle brackets: {value!r}")
        self.params = split_params(rest)
        self.text = value

    @property
    def tag(self):
        return self.params.get("tag")


class Via:
    def __init__(self, value):
        found = re.match(r"SIP/2\.0/([A-Za-z\-]+)\s+(\[[^\]]+\]|[^;:\s]+)(?::([0-9]+))?\s*(.*)\Z",
                         value)
        if not found:
            raise Malformed(f"not a Via: {value!r}")
        self.transport = found.group(1)
        self.host = found.group(2)
        self.port = int(found.group(3)) if found.group(3) else None
        self.params = split_params(found.group(4))
        self.text = value

    @property
    def branch(self):
        return self.params.get("branch")


class Message:
    """One message; headers keep their order and their names as written."""

    def __init__(self, start, headers=(), body=b""):
        self.start = start
        self.headers = list(headers)
        self.body = body
        request = REQUEST.match(start)
        status = STATUS.match(start)
        self.method = request.group(1) if request else None
        self.uri = request.group(2) if request else None
        self.status = int(status.group(1)) if status else None
        self.reason = status.group(2) if status else None

    @property
    def is_request(self):
        return self.method is not None

    def values(self, name):
        """All values of a header; list headers are taken apart at their commas."""
        found = [v for n, v in self.headers if long_name(n).lower() == name.lower()]
        if name.lower() in LISTS:
            found = [part for value in found for part in split_list(value) if part]
        return found

    def get(self, name):
        found = self.values(name)
        return found[0] if found else None

    def has(self, name):
        return bool(self.values(name))

    def names(self):
        return [long_name(n).lower() for n, _ in self.headers]

    def tokens(self, name):
        return {value.lower() for value in self.values(name)}

    def address(self, name):
        value = self.get(name)
        if value is None:
            raise Malformed(f"no {name} in {self.start!r}")
        return Address(value)

    @property
    def via(self):
        return Via(self.get("Via"))

    @property
    def call_id(self):
        return self.get("Call-ID")

    @property
    def cseq(self):
        number, method = self.get("CSeq").split()
        return int(number), method

    def set(self, name, value):
        """Replaces a header (or adds it); None takes it away."""
        kept = [(n, v) for n, v in self.headers if long_name(n).lower() != name.lower()]
        if value is not None:
            kept.append((name, value))
        self.headers = kept
        return self

    def encode(self):
        """The octets; Content-Length is added when nobody wrote one."""
        headers = list(self.headers)
        if "content-length" not in self.names():
            headers.append(("Content-Length", str(len(self.body))))
        lines = [self.start] + [f"{name}: {value}" for name, value in headers]
        return ("\r\n".join(lines) + "\r\n\r\n").encode("utf-8", "surrogateescape") + self.body

    def __repr__(self):
        return self.encode().decode("utf-8", "replace")


def parse_head(head):
    """Reads start line and headers, without the empty line; refuses what is not strict."""
    text = head.decode("utf-8", "surrogateescape")
    lines = text.split("\r\n")
    for line in lines:
        if "\r" in line or "\n" in line or "\0" in line:
            raise Malformed(f"bare CR, LF or NUL in {line!r}")
    if not REQUEST.match(lines[0]) and not STATUS.match(lines[0]):
        raise Malformed(f"start line {lines[0]!r}")
    headers = []
    for line in lines[1:]:
        name, colon, value = line.partition(":")
        if not colon or not TOKEN.match(name):
            raise Malformed(f"header line {line!r}")
        headers.append((name, value.strip(" \t")))
    return Message(lines[0], headers)


def check(message):
    """The rules for every message that the server may send."""
    seen = set()
    for name in message.names():
        if name in SINGLE and name in seen:
            raise Malformed(f"{name} twice in\n{message}")
        seen.add(name)
    needed = ["Via", "From", "To", "Call-ID", "CSeq"]
    if message.is_request:
        needed.append("Max-Forwards")
    for name in needed:
        if not message.get(name):
            raise Malformed(f"no {name} in\n{message}")
    for name in ("From", "To"):
        address = message.address(name)
        if not address.has_brackets and set(address.params) - {"tag"}:
            raise Malformed(f"{name} needs angle brackets: {address.text!r}")
    for value in message.values("Contact"):
        if value != "*":
            Address(value)
    for value in message.values("Via"):
        Via(value)
    number, method = message.cseq
    if not 0 <= number < 2 ** 31:
        raise Malformed(f"CSeq {number}")
    if message.is_request and method != message.method:
        raise Malformed(f"CSeq method {method} in a {message.method}")
    if message.is_request and not (message.via.branch or "").startswith("z9hG4bK"):
        raise Malformed(f"branch {message.via.branch!r}")
    if message.body and not message.has("Content-Type"):
        raise Malformed("a body without Content-Type")
    return message


def parse_datagram(data):
    """One datagram is one message, to the octet."""
    head, gap, body = data.partition(b"\r\n\r\n")
    if not gap:
        raise Malformed(f"no empty line in {data[:200]!r}")
    message = parse_head(head)
    lengths = message.values("Content-Length")
    if len(lengths) != 1 or not lengths[0].isdigit() or int(lengths[0]) != len(body):
        raise Malformed(f"Content-Length {lengths} for a body of {len(body)} octets")
    message.body = body
    return check(message)


class StreamReader:
    """Cuts a byte stream into messages; counts the keep-alive CRLFs between them."""

    def __init__(self):
        self.buffer = b""
        self.crlf_count = 0

    def feed(self, data):
        self.buffer += data
        messages = []
        while True:
            while self.buffer.startswith(b"\r\n"):
                self.buffer = self.buffer[2:]
                self.crlf_count += 1
            head, gap, rest = self.buffer.partition(b"\r\n\r\n")
            if not gap:
                return messages
            message = parse_head(head)
            lengths = message.values("Content-Length")
            if len(lengths) != 1 or not lengths[0].isdigit():
                raise Malformed(f"Content-Length {lengths} on a stream")
            length = int(lengths[0])
            if len(rest) < length:
                return messages
            message.body, self.buffer = rest[:length], rest[length:]
            messages.append(check(message))
