#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Each row of rows.tsv is shown by what it names. TAP; run at the top of the project.

shown by  `test FOLDER/NAME`: its own test, `CVE(row, ...)`, in test/FOLDER/NAME_test.c;
          `covered FOLDER/NAME TEST`: a test of that name that was there before;
          `none WHY`: there is nothing here for such a fault, or no test that shows it.
A row that is shown has one plant or more in test/plants."""

import os
import re
import sys

ROWS, LAST = "test/catalogue/rows.tsv", 118


def read(name):
    with open(name, encoding="utf-8") as file:
        return file.read()


def planted():
    rows = set()
    for name in os.listdir("test/plants"):
        found = re.search(r"^row\s+cve/(\d+)$", read(os.path.join("test/plants", name)), re.M)
        if found:
            rows.add(int(found.group(1)))
    return rows


def fault_of(row, words, plants):
    kind, rest = words.split(" ", 1)
    if kind == "none":
        return "has a plant though nothing shows it" if row in plants else None
    program, _, test = rest.partition(" ")
    source = f"test/{program}_test.c"
    if kind not in ("test", "covered") or not os.path.exists(source):
        return f"cannot be read: {words}"
    if kind == "test" and f"CVE({row}, " not in read(source):
        return f"{source} has no cve/{row}"
    if kind == "covered" and not re.search(rf"^{test}\(", read(source), re.M):
        return f"{source} has no {test}"
    return None if row in plants else "no plant puts the fault in"


def main():
    lines = [line.split("\t") for line in read(ROWS).splitlines()[1:]]
    plants, bad = planted(), 0
    print(f"1..{LAST + 1}")
    numbers = [int(line[0]) for line in lines]
    whole = numbers == list(range(1, LAST + 1)) and plants <= set(numbers)
    print(f"{'ok' if whole else 'not ok'} 1 - every row is there once")
    for number, (row, _, about, words) in enumerate(lines, 2):
        fault = fault_of(int(row), words, plants)
        bad += fault is not None
        print(f"{'not ok' if fault else 'ok'} {number} - cve/{row} {about}")
        if fault:
            print(f"# {fault}")
    return 1 if bad or not whole else 0


if __name__ == "__main__":
    sys.exit(main())
