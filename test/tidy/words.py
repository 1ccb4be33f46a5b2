# SPDX-License-Identifier: Apache-2.0
"""Words that do not belong here, and pages that must tell the truth."""

import os
import re
import subprocess
import sys

from tree import CORE_LEVEL, LEVEL, MAIN_LEVEL, at, folder_of

# Where a name is banned.
EVERYWHERE, BUT_BASE, IN_CORE, IN_CORE_TESTS = "everywhere", "but base", "core", "core tests"

# name, where, what to use instead.
BANNED = (
    (r"strcpy|strncpy|stpcpy|strlcpy", EVERYWHERE, "a struct str, or buf_str()"),
    (r"strcat|strncat|strlcat", EVERYWHERE, "buf_str()"),
    (r"sprintf|vsprintf", EVERYWHERE, "struct buf in the core, snprintf() in the shell"),
    (r"gets|scanf|sscanf|fscanf", EVERYWHERE, "str_cut() and str_number()"),
    (r"strtok|strtok_r|strsep", EVERYWHERE, "str_cut()"),
    (r"atoi|atol|atoll|atof", EVERYWHERE, "str_number(), which checks"),
    (r"strto(?:l|ul|ll|ull|d|imax|umax)", EVERYWHERE, "str_number(), which checks"),
    (r"alloca", EVERYWHERE, "an arena, or an array of a limit's size"),
    (r"rand|srand|random|srandom|drand48|rand_r", EVERYWHERE, "struct dice"),
    (r"localtime|gmtime|ctime|asctime", EVERYWHERE, "gmtime_r()"),
    (r"gethostbyname|inet_addr|inet_ntoa|inet_aton", EVERYWHERE, "base/addr.h"),
    (r"system|popen|tmpnam|tempnam|mktemp", EVERYWHERE, "nothing: a server starts no shell"),
    (r"setjmp|longjmp", EVERYWHERE, "a return value"),
    (r"strlen|strcmp|strncmp|strcasecmp|strncasecmp|strchr|strrchr|strstr|strdup|strndup",
     BUT_BASE, "str_cstr() once, then struct str"),
    (r"malloc|calloc|realloc|free|aligned_alloc|posix_memalign", IN_CORE, "an arena or a pool"),
    (r"printf|fprintf|snprintf|vsnprintf|puts|fputs|fopen|fread|fwrite|perror", IN_CORE,
     "struct buf, and ACT_NOTE for the log"),
    (r"time|gettimeofday|clock_gettime|clock|timespec_get", IN_CORE, "the struct when you got"),
    (r"getenv|secure_getenv|exit|_exit|abort", IN_CORE, "what the door gives; must()"),
    (r"qsort|bsearch", IN_CORE, "a loop: there are no function pointers below core/"),
    (r"assert", IN_CORE, "must()"),
    (r"sleep|usleep|nanosleep|poll|select|socket|connect|bind|listen|accept", IN_CORE_TESTS,
     "an event and a struct when: tests of the core wait for nothing"),
)

# Tests of the C string functions' users may look at C strings.
TEST_MAY = re.compile(r"setjmp|longjmp|str(?:len|n?cmp|n?casecmp|r?chr|str|n?dup)")

CALL = r"(?<![\w.>])({})\s*\("

# Spelled in halves, so that this file does not find itself.
UNFINISHED = re.compile(r"\b(" + "|".join(("FIX" + "ME", "TO" + "DO", "XX" + "X", "HA" + "CK")) +
                        r")\b")
WORKPLACE = re.compile("|".join((r"(?<![\w.])/wo" + r"rk/", r"\.libr" + r"ary\b")))

PLACE = re.compile(r"`((?:[\w.-]+/)+[\w.-]+\.[ch]):(\w+)`")
PATH = re.compile(r"`((?:src|test|tools|bench|examples|doc|sim|fuzz)/[\w./-]+)`")
YAML_BLOCK = re.compile(r"^```yaml\n(.*?)^```$", re.M | re.S)

PAGES = ("README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md",
         "LICENSE")


def applies(where, name):
    parts = name.split("/")
    if parts[0] == "src":
        folder = folder_of(name)
        level = LEVEL.get(folder, MAIN_LEVEL)
        return (where == EVERYWHERE or (where == BUT_BASE and folder != "base")
                or (where == IN_CORE and level <= CORE_LEVEL))
    if parts[0] == "test" and len(parts) > 2:
        in_core = LEVEL.get(parts[1], MAIN_LEVEL) <= CORE_LEVEL
        return where == EVERYWHERE or (where == IN_CORE_TESTS and in_core)
    return where == EVERYWHERE


def banned_names(tree):
    faults = []
    for name in tree.sources():
        code = tree.code(name)
        in_tests = not name.startswith("src/")
        for names, where, instead in BANNED:
            if not applies(where, name):
                continue
            for match in re.finditer(CALL.format(names), code):
                if not (in_tests and TEST_MAY.fullmatch(match.group(1))):
                    faults.append(f"{at(name, code, match.start())}: {match.group(1)}(): "
                                  f"use {instead}")
    return faults


def no_typedefs(tree):
    faults = []
    for name in tree.sources("src"):
        code = tree.code(name)
        faults += [f"{at(name, code, m.start())}: a typedef; say struct or enum"
                   for m in re.finditer(r"^\s*typedef\b", code, re.M)]
    return faults


def find_words(tree, names, pattern, why):
    faults = []
    for name in names:
        text = tree.read(name)
        faults += [f"{at(name, text, m.start())}: {m.group(0)}: {why}"
                   for m in pattern.finditer(text)]
    return faults


def unfinished(tree):
    return find_words(tree, tree.texts(), UNFINISHED, "finish it, or open an issue")


def workplace(tree):
    return find_words(tree, tree.texts(), WORKPLACE, "a path of somebody's machine")


def pages_are_there(tree):
    return [f"{page}: missing" for page in PAGES if not tree.exists(page)]


def defines(text, function):
    """Formatted C: a definition has its name at the start of a line, a declaration after a type."""
    return re.search(rf"^(?:[\w *]+[ *])?{re.escape(function)}\(", text, re.M) is not None


def places_exist(tree):
    faults = []
    for page in ("ARCHITECTURE.md", "CONTRIBUTING.md", "README.md", "SECURITY.md"):
        if not tree.exists(page):
            continue
        text = tree.read(page)
        for match in PLACE.finditer(text):
            name, function = match.groups()
            if not tree.exists(name):
                faults.append(f"{at(page, text, match.start())}: there is no {name}")
            elif not defines(tree.code(name), function):
                faults.append(f"{at(page, text, match.start())}: {name} has no {function}()")
        for match in PATH.finditer(text):
            # src/x/y.c stands for any file.
            if "/x/" not in match.group(1) and not tree.exists(match.group(1)):
                faults.append(f"{at(page, text, match.start())}: there is no {match.group(1)}")
    return faults


def readme_example(tree):
    """The configuration that a reader copies is the one that the tests load."""
    blocks = YAML_BLOCK.findall(tree.read("README.md")) if tree.exists("README.md") else []
    if not blocks or not tree.exists("examples/sipward.yaml"):
        return ["README.md shows no configuration, or examples/sipward.yaml is missing"]
    example = "\n".join(line for line in tree.read("examples/sipward.yaml").split("\n")
                        if not line.startswith("#"))
    if blocks[0].strip() != example.strip():
        return ["README.md: its configuration differs from examples/sipward.yaml"]
    return []


def faults_of_tool(tree, name):
    tool = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../tools", name)
    done = subprocess.run([sys.executable, tool, "--check", "--root", tree.root],
                          capture_output=True, text=True)
    faults = done.stderr.strip().split("\n") if done.returncode != 0 else []
    return faults or ([f"tools/{name} failed"] if done.returncode != 0 else [])


def rows_are_shown(tree):
    """The table of requirements says what the tests say, and no more."""
    return faults_of_tool(tree, "conformance")


def threats_are_answered(tree):
    """Each threat names tests that are there."""
    return faults_of_tool(tree, "threats")


CHECKS = (
    ("words: no banned function", banned_names),
    ("words: no typedef", no_typedefs),
    ("words: nothing is left unfinished", unfinished),
    ("words: nothing of the workplace", workplace),
    ("pages: all are there", pages_are_there),
    ("pages: every file and function they name exists", places_exist),
    ("pages: the README's configuration is the example", readme_example),
    ("pages: each row of the requirements is shown by a test, or says why not", rows_are_shown),
    ("pages: each threat names tests that exist, or says why not", threats_are_answered),
)
