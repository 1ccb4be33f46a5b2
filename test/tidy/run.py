#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs the tidy tests and prints TAP. Each check is two tests: the project keeps the rule, and the
check sees faults that are planted in a small project of its own.

run.py [--build DIR] [--root DIR] [--only TEXT]    the archives that are looked into are in DIR
"""

import argparse
import os
import sys
import traceback

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import plants  # noqa: E402
import rooms  # noqa: E402
import shape  # noqa: E402
import words  # noqa: E402
from tree import Tree  # noqa: E402

SHOWN_MAX = 40


def faults_of(check, *args):
    try:
        return check(*args)
    except Exception:  # a check that breaks is a check that failed
        return traceback.format_exc().strip().split("\n")


def main():
    here = os.path.dirname(os.path.abspath(__file__))
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--root", default=os.path.dirname(os.path.dirname(here)))
    options.add_argument("--build", default="build")
    options.add_argument("--only", default="")
    options = options.parse_args()

    tree = Tree(options.root, os.path.join(options.root, options.build))
    checks = [c for c in rooms.CHECKS + shape.CHECKS + words.CHECKS if options.only in c[0]]
    print(f"1..{2 * len(checks)}", flush=True)
    number, bad = 0, 0
    for name, check in checks:
        for title, faults in (
                (name, lambda: faults_of(check, tree)),
                (f"{name} (sees planted faults)",
                 lambda: faults_of(plants.goes_red, options.root, name, check))):
            number += 1
            found = faults()
            print(f"{'not ok' if found else 'ok'} {number} - {title}", flush=True)
            for fault in found[:SHOWN_MAX]:
                print(f"# {fault}")
            if len(found) > SHOWN_MAX:
                print(f"# and {len(found) - SHOWN_MAX} more")
            bad += bool(found)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
