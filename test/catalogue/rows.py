#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Each row of rows.tsv is shown by what it names. TAP; run at the top of the project.

shown by  `test FOLDER/NAME`: its own test, `CVE(row, ...)`, in test/FOLDER/NAME_test.c;
          `covered FOLDER/NAME TEST`: another test; several are divided by `; `;
          `none absent WHAT`: there is nothing here that could have such a fault;
          `none same ROW, ROW...; WHY`: what would have it has that of those rows alone.
There is no other reason for none. A row that is shown has one plant or more in test/plants, each
caught by what the row names."""

import os
import re
import sys

ROWS, LAST = "test/catalogue/rows.tsv", 118
SAME = re.compile(r"(\d+(?:, \d+)*)\W")


def read(name):
    with open(name, encoding="utf-8") as file:
        return file.read()


def planted():
    """{row: what catches its plants: [(program, test or "")]}"""
    rows = {}
    for name in os.listdir("test/plants"):
        text = read(os.path.join("test/plants", name))
        row = re.search(r"^row\s+cve/(\d+)$", text, re.M)
        if row:
            by = re.search(r"^by\s+unit\s+(\S+)[ \t]*(.*)$", text, re.M)
            rows.setdefault(int(row.group(1)), []).append(by.groups() if by else ("", ""))
    return rows


def fault_of_none(reason, shown):
    """What is wrong with REASON for showing nothing; SHOWN: the rows that are shown."""
    kind, _, rest = reason.partition(" ")
    if kind == "absent":
        return None if rest else "absent is what?"
    same = SAME.match(rest) if kind == "same" else None
    if same is None:
        return f"no reason that is known: {reason}"
    lost = [row for row in same.group(1).split(", ") if int(row) not in shown]
    return f"not shown either: {', '.join(lost)}" if lost else None


def fault_of_one(row, words):
    """What is wrong with one test. Ends: (fault or None, (program, test))."""
    kind, _, rest = words.partition(" ")
    program, _, test = rest.partition(" ")
    source = f"test/{program}_test.c"
    shown = (program, test if kind == "covered" else f"cve/{row}")
    if (kind not in ("test", "covered") or not os.path.exists(source)
            or (kind == "test") != (not test)):
        return f"cannot be read: {words}", shown
    if kind == "test" and f"CVE({row}, " not in read(source):
        return f"{source} has no cve/{row}", shown
    if kind == "covered" and not re.search(rf"^{test}\(void \*\*state\)$", read(source), re.M):
        return f"{source} has no {test}", shown
    return None, shown


def fault_of(row, words, plants, shown):
    if words.startswith("none "):
        if row in plants:
            return "has a plant though nothing shows it"
        return fault_of_none(words.partition(" ")[2], shown)
    tests = [fault_of_one(row, part) for part in words.split("; ")]
    faults = [fault for fault, _ in tests if fault]
    names = [name for _, name in tests]
    if not faults and row not in plants:
        faults = ["no plant puts the fault in"]
    for program, test in plants.get(row, []):
        if not any(program == name[0] and test in ("", name[1]) for name in names):
            faults.append(f"a plant is caught by {program} {test}, which shows another row")
    return "; ".join(faults) or None


def sees_planted_faults():
    here = "test/catalogue/rows.tsv"
    plants = {1: [("catalogue/framing", "cve/1")], 9: [("net/udp", "x")]}
    good = [(1, "test catalogue/framing"), (8, "none absent no WebSocket"),
            (8, "none same 1, 9; they are read alike")]
    bad = [(1, "test catalogue/framing; covered catalogue/framing not_there"), (1, "none absent x"),
           (8, "none"), (8, "none shown by another test, without a plant"), (8, "none absent "),
           (8, "none same 1, 2; they are read alike"), (8, "none same; alike"), (8, here),
           (9, "test catalogue/framing"), (3, "test catalogue/framing"), (1, "test net/udp")]
    return ([f"called wrong: {words}" for row, words in good
             if fault_of(row, words, plants, {1, 9})]
            + [f"not seen: {words}" for row, words in bad
               if not fault_of(row, words, plants, {1, 9})])


def main():
    lines = [line.split("\t") for line in read(ROWS).splitlines()[1:]]
    plants, tests = planted(), []
    numbers = [int(line[0]) for line in lines]
    shown = {int(line[0]) for line in lines if not line[3].startswith("none")}
    whole = numbers == list(range(1, LAST + 1)) and set(plants) <= set(numbers)
    tests.append(("every row is there once", None if whole else "one is missing, or twice there"))
    for row, _, about, words in lines:
        tests.append((f"cve/{row} {about}", fault_of(int(row), words, plants, shown)))
    tests.append(("the rows (sees planted faults)", "; ".join(sees_planted_faults())))
    print(f"1..{len(tests)}")
    for number, (name, fault) in enumerate(tests, 1):
        print(f"{'not ok' if fault else 'ok'} {number} - {name}")
        if fault:
            print(f"# {fault}")
    return 1 if any(fault for _, fault in tests) else 0


if __name__ == "__main__":
    sys.exit(main())
