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

# What test/fails says of all that the shell takes from outside; it makes most of it fail.
OUTSIDE = "test/fails/outside.tsv"
OUTSIDE_WAYS = ("fails", "memory", "passes")
OF_THE_COMPILER = re.compile(
    r"_GLOBAL_OFFSET_TABLE_|__stack_chk_(fail|guard)|__chk_fail|__(a|t|ub)san_\w+|__errno_location"
    r"|std(in|out|err)|__(u?div|u?mod|u?mul)\w+|__popcount\w+|__tls_get_addr")
# A function under the name that it has where the compiler knows how much room there is.
FORTIFIED = re.compile(r"__(\w+?)(?:_chk|_2)")
# Which of these a line of output becomes is the compiler's choice.
OUTPUT = {"printf", "fprintf", "puts", "putchar", "fputs", "fputc", "fwrite"}

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


def outside_rows(tree):
    """What test/fails says of each name, and the faults of the list."""
    names, faults = {}, []
    for number, line in enumerate(tree.read(OUTSIDE).splitlines(), 1):
        if line.startswith("#"):
            continue
        parts = line.split("\t")
        if len(parts) != 3 or parts[0] not in OUTSIDE_WAYS or not parts[1].strip():
            faults.append(f"{OUTSIDE}:{number}: a way, a reason and names, with tabs between")
            continue
        for name in parts[2].split():
            if name in names:
                faults.append(f"{OUTSIDE}:{number}: {name} stands here twice")
            names[name] = parts[0]
    return names, faults


def outside_is_listed(tree):
    found = {f: symbols(tree.archive(f)) for f in LEVEL if os.path.exists(tree.archive(f))}
    if not found:
        return [f"{tree.build}: no archives of src/ here; build first"]
    names, faults = outside_rows(tree)
    own = set().union(*(defined for defined, _ in found.values()))
    called = set()
    for folder, (_, missing) in found.items():
        for symbol, place in sorted(missing.items()):
            if LEVEL[folder] < SHELL_LEVEL or symbol in own or OF_THE_COMPILER.fullmatch(symbol):
                continue
            name = FORTIFIED.sub(r"\1", symbol) if FORTIFIED.fullmatch(symbol) else symbol
            called.add(name)
            if name not in names:
                faults.append(f"{folder}/ ({place}) calls {name}, of which {OUTSIDE} says nothing")
    # What passes may be a compiler's own choice; what is made to fail must be there.
    return faults + [f"{OUTSIDE}: nobody calls {name}" for name, way in sorted(names.items())
                     if way != "passes" and name not in called | OUTPUT]


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
    ("outside: what the shell's archives import is listed", outside_is_listed),
    ("no function pointers below core/", no_pointers_up),
    ("judge: it includes nothing of what it judges", judge_stays_alone),
)
