# SPDX-License-Identifier: Apache-2.0
"""The project as the tidy tests see it: its files, its folders' levels, its C without comments."""

import functools
import os
import re
import subprocess

LEVELS = (
    ("base",),
    ("sip",),
    ("secure", "txn", "gate"),
    ("directory", "hop"),
    ("leg",),
    ("call", "reg", "trunk"),
    ("core",),
    ("net", "store", "admin"),
    ("main",),
)
LEVEL = {folder: n for n, level in enumerate(LEVELS) for folder in level}
CORE_LEVEL = LEVEL["core"]
SHELL_LEVEL = LEVEL["net"]
MAIN_LEVEL = LEVEL["main"]

# What the three sides of the shell may know beside base/ and their own folder.
DOOR = "core/door.h"
SHELL_MAY_KNOW = {
    "net": {DOOR, "secure/identity.h"},
    "store": {DOOR},
    "admin": {DOOR},
}

SKIPPED_FOLDERS = {".git", "__pycache__", ".pytest_cache", ".cache"}
TEXT = (".c", ".h", ".py", ".md", ".yaml", ".yml", ".build", ".sh", ".js", ".css", ".html")

COMMENT_OR_LITERAL = re.compile(
    r"/\*.*?\*/|//[^\n]*|\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])*'", re.S)


def blank(match):
    """A comment becomes spaces, a literal keeps its quotes; lines stay where they are."""
    text = match.group(0)
    if text[0] == "/":
        return re.sub(r"[^\n]", " ", text)
    return text[0] + " " * (len(text) - 2) + text[0]


class Tree:
    def __init__(self, root, build=None):
        self.root = root
        self.build = build

    def path(self, name):
        return os.path.join(self.root, name)

    def exists(self, name):
        return os.path.exists(self.path(name))

    @functools.cached_property
    def names(self):
        """All files of the project, as git would list them; all that is there without git."""
        if os.path.exists(self.path(".git")):
            done = subprocess.run(
                ["git", "-C", self.root, "-c", "safe.directory=*", "ls-files", "-z", "-c", "-o",
                 "--exclude-standard"], capture_output=True)
            if done.returncode == 0:
                names = set(done.stdout.decode().split("\0")) - {""}
                return sorted(n for n in names if os.path.isfile(self.path(n)))
        found = []
        for folder, folders, files in os.walk(self.root):
            here = os.path.relpath(folder, self.root)
            top = here == "."
            folders[:] = [f for f in folders if f not in SKIPPED_FOLDERS
                          and not (top and (f == "build" or f.startswith("build-")))]
            found += [os.path.normpath(os.path.join(here, f)) for f in files]
        return sorted(found)

    def read(self, name):
        with open(self.path(name), encoding="utf-8", errors="surrogateescape") as file:
            return file.read()

    def code(self, name):
        """A C file without its comments and without what stands in its literals."""
        return COMMENT_OR_LITERAL.sub(blank, self.read(name))

    def sources(self, *roots):
        """The .c and .h files under the given top folders; of all when none is given."""
        return [n for n in self.names if n.endswith((".c", ".h"))
                and (not roots or n.split("/")[0] in roots)]

    def texts(self):
        """What people write here: code, scripts and pages; no test data."""
        return [n for n in self.names if n.endswith(TEXT) or self.is_script(n)
                or os.path.basename(n) in ("Makefile", ".clang-format", ".gitignore")]

    def is_script(self, name):
        if "." in os.path.basename(name) or os.path.islink(self.path(name)):
            return False
        with open(self.path(name), "rb") as file:
            return file.read(2) == b"#!"

    def archive(self, folder):
        return os.path.join(self.build, f"libsipward-{folder}.a")

    def core_archive(self):
        return os.path.join(self.build, "libsipwardcore.a")


def folder_of(name):
    """src/sip/uri.h -> sip; None for what is not in a folder of src/."""
    parts = name.split("/")
    return parts[1] if len(parts) > 2 and parts[0] == "src" else None


def line_of(text, offset):
    return text.count("\n", 0, offset) + 1


def at(name, text, offset):
    return f"{name}:{line_of(text, offset)}"
