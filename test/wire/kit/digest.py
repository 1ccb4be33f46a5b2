# SPDX-License-Identifier: Apache-2.0
"""Digest authentication of a client (RFC 7616, RFC 8760), written for the tests alone."""
import hashlib
import os
import re

HASHES = {"MD5": hashlib.md5, "SHA-256": hashlib.sha256}


def read_challenge(value):
    """'Digest a="b", c=d' as a dictionary."""
    scheme, _, rest = value.partition(" ")
    assert scheme.lower() == "digest", f"not a digest challenge: {value!r}"
    fields = {}
    for name, quoted, plain in re.findall(r'([A-Za-z\-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+))',
                                          rest):
        assert name.lower() not in fields, f"{name} twice in {value!r}"
        fields[name.lower()] = quoted or plain
    return fields


def answer(challenge, user, password, method, uri, count=1, cnonce=None, qop="auth"):
    """The value of an Authorization header for one challenge."""
    algorithm = challenge.get("algorithm", "MD5")
    digest = lambda text: HASHES[algorithm.upper()](text.encode()).hexdigest()
    realm, nonce = challenge["realm"], challenge["nonce"]
    cnonce = cnonce or os.urandom(8).hex()
    first = digest(f"{user}:{realm}:{password}")
    second = digest(f"{method}:{uri}")
    nc = f"{count:08x}"
    fields = [f'username="{user}"', f'realm="{realm}"', f'nonce="{nonce}"', f'uri="{uri}"']
    if qop and "qop" in challenge:
        result = digest(f"{first}:{nonce}:{nc}:{cnonce}:{qop}:{second}")
        fields += [f"qop={qop}", f"nc={nc}", f'cnonce="{cnonce}"']
    else:
        result = digest(f"{first}:{nonce}:{second}")
    fields += [f'response="{result}"', f"algorithm={algorithm}"]
    if "opaque" in challenge:
        fields.append(f'opaque="{challenge["opaque"]}"')
    return "Digest " + ", ".join(fields)


def pick(response, algorithm=None):
    """The challenge of a 401 to be answered: the one of that algorithm, else the first known."""
    values = [v for n, v in response.headers if n.lower() == "www-authenticate"]
    assert values, f"no WWW-Authenticate in\n{response}"
    challenges = [read_challenge(value) for value in values]
    for challenge in challenges:
        name = challenge.get("algorithm", "MD5").upper()
        if name == algorithm or (algorithm is None and name in HASHES):
            return challenge
    raise AssertionError(f"no challenge for {algorithm} among {challenges}")
