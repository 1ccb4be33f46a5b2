# SPDX-License-Identifier: Apache-2.0
"""Nothing outgrows its size, everything has its twin, and the files look alike."""

import os
import re
import shutil
import subprocess

from tree import LEVEL, folder_of

FILE_LINES_MAX = 600
LINES_MAX_OF = {"src/core/core.c": 450, "test/leg/made_test.c": 640}
FUNCTION_LINES_MAX = 70
COLUMNS_MAX = 100
QUOTE_COLUMNS_MAX = 112
TAB = 8

# Covered by the wire tests instead, each for the reason beside it.
NO_TWIN = {
    "src/main/asks.c": "host_test.c asks a whole host",
    "src/main/main.c": "main() and nothing else",
    "src/main/look.c": "test/wire asks a server as a user does",
    "src/main/look_show.c": "test/wire reads what a user reads",
    "src/main/look_why.c": "test/wire reads what a user reads",
    "src/main/verbs.c": "test/wire says what a user says",
    "src/main/demo.c": "test/wire runs the demo as a user does",
    "src/main/handset_say.c": "handset_test.c reads what a handset writes",
    "src/main/serve.c": "test/wire runs the server as a user does",
}

# What a tool leaves behind has another name than these.
KINDS = {".c", ".h", ".build", ".py", ".md", ".yaml", ".txt", ".tsv", ".xml", ".ini", ".gate", ".sip",
         ".call", ".plant", ".corpus", ".dict"}
NAMES = {"LICENSE", "Makefile", "tools/packages", ".clang-format", ".editorconfig",
         ".gitattributes", ".gitignore"}

SPDX = "SPDX-License-Identifier: Apache-2.0"
FUNCTION_NAME = re.compile(r"(\w+)\s*\(")


def sized(tree):
    return [n for n in tree.texts() if n.endswith((".c", ".h", ".py", ".sh")) or tree.is_script(n)]


def file_sizes(tree):
    faults = []
    for name in sized(tree):
        lines, most = tree.read(name).count("\n"), LINES_MAX_OF.get(name, FILE_LINES_MAX)
        if lines > most:
            faults.append(f"{name}: {lines} lines, at most {most}")
    return faults


def functions(code):
    """(name, first line, number of lines) of each function of a formatted C file."""
    lines = code.split("\n")
    start = None
    for n, line in enumerate(lines):
        if line == "{" and start is None:
            start = n
            while start > 0 and re.match(r"[^\s}#]|\s+\S", lines[start - 1]):
                start -= 1
        elif line.startswith("}") and start is not None:
            head = FUNCTION_NAME.search(" ".join(lines[start:n]))
            yield (head.group(1) if head else "?"), start + 1, n - start + 1
            start = None


def function_sizes(tree):
    faults = []
    for name in tree.sources():
        for function, line, count in functions(tree.code(name)):
            if count > FUNCTION_LINES_MAX:
                faults.append(f"{name}:{line}: {function} has {count} lines, "
                              f"at most {FUNCTION_LINES_MAX}")
    return faults


def line_widths(tree):
    faults = []
    for name in sized(tree):
        for n, line in enumerate(tree.read(name).split("\n"), 1):
            width = len(line.expandtabs(TAB))
            # A message in a test is read more easily when its lines are those of the wire.
            most = QUOTE_COLUMNS_MAX if name.startswith(("test/", "sim/")) and '"' in line else COLUMNS_MAX
            if width > most:
                faults.append(f"{name}:{n}: {width} columns, at most {most}")
    return faults


def trailing_space(tree):
    faults = []
    for name in tree.texts():
        text = tree.read(name)
        faults += [f"{name}:{n}: space at the end of the line" for n, line
                   in enumerate(text.split("\n"), 1) if line != line.rstrip()]
        if text and not text.endswith("\n"):
            faults.append(f"{name}: no newline at the end")
    return faults


def twins(tree):
    faults = []
    for name in tree.sources("src"):
        folder = folder_of(name)
        if not name.endswith(".c") or name in NO_TWIN or folder is None:
            continue
        twin = "test" + name[len("src"):-len(".c")] + "_test.c"
        if not tree.exists(twin):
            faults.append(f"{name}: has no {twin}")
    return faults + [f"{name}: on the list of exceptions, but not there"
                     for name in NO_TWIN if tree.exists("src/main") and not tree.exists(name)]


def all_built(tree):
    """A file that no meson.build names is compiled by nobody and tested by nobody."""
    faults = []
    for name in tree.sources("src", "test"):
        parts = name.split("/")
        if not name.endswith(".c") or len(parts) != 3:
            continue
        if parts[0] == "test" and parts[1] not in LEVEL:
            continue
        build = f"{parts[0]}/{parts[1]}/meson.build"
        word = parts[2] if parts[0] == "src" else parts[2][:-len("_test.c")]
        if parts[0] == "test" and not name.endswith("_test.c"):
            faults.append(f"{name}: a test program is called <name>_test.c")
        elif not tree.exists(build) or f"'{word}'" not in tree.read(build):
            faults.append(f"{name}: not in {build}")
    return faults


def licence_lines(tree):
    faults = []
    for name in sized(tree):
        head = tree.read(name).split("\n", 3)[:3]
        if name.endswith((".c", ".h")):
            good = head[0] == f"/* {SPDX} */"
        else:
            good = f"# {SPDX}" in head or os.path.getsize(tree.path(name)) == 0
        if not good:
            faults.append(f"{name}: does not begin with {SPDX}")
    return faults


def strays(tree):
    return [f"{name}: no kind of file that belongs here" for name in tree.names
            if os.path.splitext(name)[1] not in KINDS and name not in NAMES
            and not tree.is_script(name)]


def formatted(tree):
    tool = shutil.which("clang-format-14") or shutil.which("clang-format")
    if tool is None:
        return ["clang-format is not here; run make lint, which installs it"]
    names = tree.sources()
    if not names:
        return []
    done = subprocess.run([tool, "--dry-run", "-Werror", "--style=file", *names], cwd=tree.root,
                          capture_output=True, text=True)
    faults = re.findall(r"^(\S+?:\d+):\d+: error", done.stderr, re.M)
    if done.returncode != 0 and not faults:
        faults = [done.stderr.strip()]
    return [f"{fault}: not as clang-format writes it; run make format" for fault in faults]


CHECKS = (
    ("sizes: files", file_sizes),
    ("sizes: functions", function_sizes),
    ("sizes: lines", line_widths),
    ("twins: each source file has its test", twins),
    ("twins: each file is named in its meson.build", all_built),
    ("looks: no space at the end of a line", trailing_space),
    ("looks: the licence line", licence_lines),
    ("looks: no file is left behind", strays),
    ("looks: clang-format", formatted),
)
