# SPDX-License-Identifier: Apache-2.0
"""The rooms stay apart: includes and links go down the staircase, and the core stays pure."""

import os
import re
import subprocess

from tree import (CORE_LEVEL, LEVEL, MAIN_LEVEL, SHELL_LEVEL, SHELL_MAY_KNOW, at, folder_of)

INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^>"]+)[>"]', re.M)

# Headers of the system that do nothing but give names to types and to moving bytes.
PURE_HEADERS = {"inttypes.h", "limits.h", "stdalign.h", "stdarg.h", "stdbool.h", "stddef.h",
                "stdint.h", "stdnoreturn.h", "string.h"}
ALSO_PURE = {
    "gate": re.compile(r"openssl/(crypto|evp|hmac|core_names|params|sha|md5)\.h"),  # digests
    "base": re.compile(r"sanitizer/asan_interface\.h"),  # pools poison what is free
}

# Every symbol that the core may take from outside. What the compiler puts in stands last.
PURE_SYMBOLS = re.compile(
    r"mem(cpy|move|cmp|set|chr)|strlen|bcmp|panic_hook"
    r"|EVP_(MD|MAC|Digest|Q_)\w*|HMAC\w*|OSSL_PARAM_\w+|CRYPTO_memcmp|OPENSSL_cleanse"
    r"|__stack_chk_(fail|guard)|__mem(cpy|move|set)_chk|__chk_fail|_GLOBAL_OFFSET_TABLE_"
    r"|__(u?div|u?mod|u?mul)\w+|__popcount\w+|__tls_get_addr")

# What judges a simulated run.
JUDGE = re.compile(r"sim/(bag|check|wire)(_\w+)?\.[ch]")

# The only places under core/ where a function pointer type may stand, by file.
POINTERS_ALLOWED = {}
POINTER = re.compile(r"\(\s*\*\s*(?:const\s+)?\w*\s*(?:\[[^\]]*\]\s*)?\)\s*\(")
CAST_OF_SIZE = re.compile(r"sizeof\s*$")


def may_know(folder, other, header=None):
    """Whether FOLDER may include HEADER of OTHER; without HEADER: anything of OTHER at all."""
    if folder == other or folder not in LEVEL or other not in LEVEL:
        return folder == other
    if LEVEL[folder] == MAIN_LEVEL:
        return True
    if LEVEL[folder] == SHELL_LEVEL and other != "base":
        known = SHELL_MAY_KNOW[folder]
        return header in known if header else any(k.split("/")[0] == other for k in known)
    return LEVEL[other] < LEVEL[folder]


def staircase_of_includes(tree):
    faults = []
    for name in tree.sources("src"):
        folder = folder_of(name)
        if folder not in LEVEL:
            faults.append(f"{name}: not in a folder of the staircase")
            continue
        text = tree.read(name)
        for match in INCLUDE.finditer(text):
            where, header = at(name, text, match.start()), match.group(2)
            if match.group(1) != '"':
                continue
            if "/" not in header or ".." in header:
                faults.append(f"{where}: write includes from src/, as \"{folder}/{header}\"")
            elif not may_know(folder, header.split("/")[0], header):
                faults.append(f"{where}: {folder}/ must not know {header}")
    return faults


def pure_includes(tree):
    faults = []
    for name in tree.sources("src"):
        folder = folder_of(name)
        if LEVEL.get(folder, MAIN_LEVEL) > CORE_LEVEL:
            continue
        text = tree.read(name)
        for match in INCLUDE.finditer(text):
            header = match.group(2)
            if match.group(1) != "<" or header in PURE_HEADERS:
                continue
            if folder not in ALSO_PURE or not ALSO_PURE[folder].fullmatch(header):
                faults.append(f"{at(name, text, match.start())}: <{header}> in the core")
    return faults


def symbols(archive):
    """The symbols that an archive defines for others, and for each it misses, the object."""
    done = subprocess.run(["nm", "-A", "-g", archive], capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(f"nm {archive}: {done.stderr.strip()}")
    defined, missing = set(), {}
    for line in done.stdout.splitlines():
        place, _, rest = line.rpartition(":")
        parts = rest.split()
        if len(parts) < 2:
            continue
        kind, symbol = parts[-2], parts[-1]
        if kind in "Uvw":
            missing.setdefault(symbol, os.path.basename(place.rpartition(":")[2] or place))
        else:
            defined.add(symbol)
    return defined, missing


def staircase_of_links(tree):
    found = {f: symbols(tree.archive(f)) for f in LEVEL if os.path.exists(tree.archive(f))}
    if not found:
        return [f"{tree.build}: no archives of src/ here; build first"]
    homes = {}
    for folder, (defined, _) in found.items():
        for symbol in defined:
            homes.setdefault(symbol, set()).add(folder)
    faults = []
    for folder, (_, missing) in found.items():
        for symbol, place in sorted(missing.items()):
            others = homes.get(symbol, set())
            if others and not any(may_know(folder, other) for other in others):
                faults.append(f"{folder}/ ({place}) calls {symbol} of {', '.join(sorted(others))}/")
    return faults


def purity(tree):
    if not os.path.exists(tree.core_archive()):
        return [f"{tree.core_archive()}: not there; build first"]
    defined, missing = symbols(tree.core_archive())
    return [f"{place}: the core must not call {symbol}" for symbol, place
            in sorted(missing.items())
            if symbol not in defined and not PURE_SYMBOLS.fullmatch(symbol)]


def no_pointers_up(tree):
    faults = []
    for name in tree.sources("src"):
        if LEVEL.get(folder_of(name), MAIN_LEVEL) >= CORE_LEVEL or name in POINTERS_ALLOWED:
            continue
        code = tree.code(name)
        for match in POINTER.finditer(code):
            if not CAST_OF_SIZE.search(code[:match.start()]):
                faults.append(f"{at(name, code, match.start())}: a function pointer; return data, "
                              "or use a switch")
    return faults


def judge_stays_alone(tree):
    """Two readers of one hand would agree with their own mistakes."""
    faults = []
    for name in tree.sources("sim"):
        if not JUDGE.fullmatch(name):
            continue
        text = tree.read(name)
        faults += [f"{at(name, text, m.start())}: the judge must not know {m.group(2)}"
                   for m in INCLUDE.finditer(text)
                   if m.group(1) == '"' and not JUDGE.fullmatch("sim/" + m.group(2))]
    return faults


CHECKS = (
    ("staircase: includes go down", staircase_of_includes),
    ("staircase: links go down", staircase_of_links),
    ("purity: the core includes no header that does I/O", pure_includes),
    ("purity: the core's archive imports only what is listed", purity),
    ("no function pointers below core/", no_pointers_up),
    ("judge: it includes nothing of what it judges", judge_stays_alone),
)
