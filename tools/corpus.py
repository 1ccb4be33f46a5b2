# SPDX-License-Identifier: Apache-2.0
"""The text form of a corpus of the fuzzers; fuzz/replay.c says how it is written."""

import os
import re


def encode(octets):
    names = {10: "\\n\n", 13: "\\r", 9: "\\t", 92: "\\\\"}
    text = "".join(names.get(o) or (chr(o) if 32 <= o < 127 else f"\\x{o:02x}") for o in octets)
    lines = ["\\x3d" + line[1:] if line.startswith("=") else line for line in text.split("\n")]
    lines = [line[:-1] + "\\x20" if line.endswith(" ") else line for line in lines]
    return "\n".join(lines if lines[-1] else lines[:-1])


def decode(text):
    known = {"n": b"\n", "r": b"\r", "t": b"\t", "\\": b"\\"}
    parts = re.split(r"\\(x[0-9a-f]{2}|.)", text.replace("\n", ""))
    octets = b""
    for n, part in enumerate(parts):
        if n % 2 == 0:
            octets += part.encode("latin-1")
        else:
            octets += bytes([int(part[1:], 16)]) if len(part) == 3 else known[part]
    return octets


def read_corpus(path):
    """[(remark, octets)] of a file; none when there is no such file."""
    if not os.path.exists(path):
        return []
    with open(path, encoding="latin-1") as file:
        parts = re.split(r"^=(.*)\n?", file.read(), flags=re.M)
    return [(parts[n].strip(), decode(parts[n + 1])) for n in range(1, len(parts), 2)]


def write_corpus(path, head, inputs):
    with open(path + ".new", "w", encoding="ascii") as file:
        file.write(head + "\n")
        for remark, octets in inputs:
            file.write(f"= {remark}".rstrip() + "\n")
            text = encode(octets)
            file.write(text + "\n" if text else "")
    os.rename(path + ".new", path)
