# SPDX-License-Identifier: Apache-2.0
"""A small sound project, and faults to plant in it: a check must pass the one and see the other."""

import os
import shutil
import subprocess
import tempfile

from tree import DOOR, Tree

HEAD = "/* SPDX-License-Identifier: Apache-2.0 */\n"
SCRIPT = "# SPDX-License-Identifier: Apache-2.0\n"
PAINS = "".join(f"P{n}\ta pain\tnone it is so\n" for n in range(1, 26))
EXAMPLE = "listen:\n  - sip:127.0.0.1:5060;transport=udp\n"

SOUND = {
    "src/base/str.h": HEAD + "#include <stddef.h>\n\nsize_t str_len(const char *text);\n",
    "src/base/str.c": HEAD + '#include <string.h>\n#include "base/str.h"\n\nsize_t\n'
                             "str_len(const char *text)\n{\n\treturn strlen(text);\n}\n",
    "src/base/meson.build": "base_sources = files('str.c')\n",
    "src/sip/msg.c": HEAD + '#include "base/str.h"\n\nsize_t msg_len(const char *text);\n\nsize_t\n'
                            "msg_len(const char *text)\n{\n\t/* strcpy(), but only in words */\n"
                            "\treturn str_len(text);\n}\n",
    "src/sip/meson.build": "sip_sources = files('msg.c')\n",
    "src/" + DOOR: HEAD + '#include "base/str.h"\n',
    "src/net/udp.c": HEAD + f'#include "{DOOR}"\n\nsize_t udp_len(void);\n\nsize_t\nudp_len(void)\n'
                            '{\n\treturn str_len("malloc(1)");\n}\n',
    "src/net/meson.build": "net_sources = files('udp.c')\n",
    "test/base/str_test.c": HEAD + "int nothing;\n",
    "test/base/meson.build": "base_tests = ['str']\n",
    "test/sip/msg_test.c": HEAD + "int nothing;\n",
    "test/sip/meson.build": "sip_tests = ['msg']\n",
    "test/net/udp_test.c": HEAD + "int nothing;\n",
    "test/net/meson.build": "net_tests = ['udp']\n",
    "test/fails/outside.tsv": "# way, reason, names\n",
    "tools/some": "#!/bin/bash\n" + SCRIPT + "true\n",
    "README.md": "# x\n\n```yaml\n" + EXAMPLE + "```\n",
    "ARCHITECTURE.md": "The first thing is `src/sip/msg.c:msg_len`.\n",
    "CONTRIBUTING.md": "x\n", "CHANGELOG.md": "x\n", "SECURITY.md": "x\n", "LICENSE": "x\n",
    "examples/sipward.yaml": EXAMPLE,
}

LONG_FUNCTION = "int f(void);\n\nint\nf(void)\n{\n" + "\t(void)0;\n" * 70 + "\treturn 0;\n}\n"


def c(text):
    return HEAD + text


CALLS_SOCKET = c("int socket();\nint f(void);\nint f(void) { return socket(); }\n")


def function(body):
    return c("int f(int n);\n\nint\nf(int n)\n{\n\treturn " + body + ";\n}\n")


# Per check: what is planted, one fault at a time, as {file: text}; None takes the file away.
PLANTS = {
    "staircase: includes go down": (
        {"src/sip/up.c": c('#include "core/door.h"\n')},
        {"src/gate/side.c": c('#include "txn/table.h"\n')},
        {"src/net/deep.c": c('#include "sip/msg.h"\n')},
        {"src/store/side.h": c('#include "net/udp.h"\n')},
        {"src/sip/short.c": c('#include "msg.h"\n')},
        {"src/sip/dots.c": c('#include "../core/door.h"\n')},
        {"src/extra/new.c": c("")},
    ),
    "staircase: links go down": (
        {"src/base/up.c": c("int msg_len(void);\nint f(void);\nint f(void) "
                            "{ return msg_len(); }\n")},
        {"src/net/deep.c": c("int msg_len(void);\nint f(void);\nint f(void) "
                             "{ return msg_len(); }\n")},
        {"src/store/side.c": c("int udp_len(void);\nint f(void);\nint f(void) "
                               "{ return udp_len(); }\n")},
    ),
    "purity: the core includes no header that does I/O": (
        {"src/base/out.c": c("#include <stdio.h>\n")},
        {"src/sip/hash.c": c("#include <openssl/evp.h>\n")},
        {"src/core/net.h": c("#include <sys/socket.h>\n")},
    ),
    "purity: the core's archive imports only what is listed": tuple(
        {"src/sip/dirty.c": c(f"int {name}();\nint f(void);\nint f(void) {{ return {name}(); }}\n")}
        for name in ("socket", "clock_gettime", "malloc", "printf", "fopen", "uv_run", "random",
                     "getrandom", "SSL_read", "pthread_mutex_lock", "__snprintf_chk", "abort")),
    "outside: what the shell's archives import is listed": (
        {"src/net/a.c": CALLS_SOCKET},
        {"src/net/a.c": CALLS_SOCKET.replace("socket", "__read_chk"),
         "test/fails/outside.tsv": "fails\tfiles\tsocket\n"},
        {"test/fails/outside.tsv": "fails\tsockets\tsocket\n"},
        {"src/net/a.c": CALLS_SOCKET, "test/fails/outside.tsv": "passes\t\tsocket\n"},
        {"src/net/a.c": CALLS_SOCKET, "test/fails/outside.tsv": "passed\tx\tsocket\n"},
        {"src/net/a.c": CALLS_SOCKET, "test/fails/outside.tsv": "fails\tx\tsocket socket\n"},
    ),
    "no function pointers below core/": (
        {"src/leg/p.h": c("struct leg {\n\tvoid (*hear)(int word);\n};\n")},
        {"src/call/p.c": c("static int (*const table[])(int) = { 0 };\n")},
        {"src/sip/p.h": c("void parse(int (*)(const char *), void *arg);\n")},
    ),
    "judge: it includes nothing of what it judges": (
        {"sim/check_x.c": c('#include "sip/msg.h"\n')},
        {"sim/wire.c": c('#include "../src/base/str.h"\n')},
        {"sim/bag.h": c('#include "world.h"\n')},
    ),
    "sizes: files": (
        {"src/sip/long.c": c("int x;\n" * 600)},
        {"src/core/core.c": c("int x;\n" * 450)},
        {"tools/some": "#!/bin/bash\n" + SCRIPT * 600},
    ),
    "sizes: functions": ({"src/sip/long.c": c(LONG_FUNCTION)},
                         {"test/sip/msg_test.c": c(LONG_FUNCTION)}),
    "sizes: lines": ({"src/sip/wide.h": c("/* " + "x" * 100 + " */\n")},
                     {"src/sip/tabs.h": c("\t" * 12 + "/* x */\n")}),
    "twins: each source file has its test": ({"src/sip/via.c": c("")},
                                             {"test/sip/msg_test.c": None}),
    "twins: each file is named in its meson.build": (
        {"src/sip/meson.build": "sip_sources = files('via.c')\n"},
        {"test/sip/meson.build": "sip_tests = []\n"},
        {"test/sip/meson.build": None},
        {"test/sip/helper.c": c("")},
    ),
    "looks: no space at the end of a line": (
        {"src/sip/space.h": c("int x; \n")}, {"README.md": "x\t\n"}, {"tools/t.py": SCRIPT + "x"}),
    "looks: the licence line": (
        {"src/sip/bare.c": "int x;\n"}, {"tools/some": "#!/bin/bash\ntrue\n"},
        {"tools/t.py": "x = 1\n"}),
    "looks: no file is left behind": (
        {"default.profraw": "x\n"}, {"src/sip/msg.c.orig": "x\n"}, {"core": "x\n"}),
    "looks: clang-format": ({"src/sip/ugly.c": c("int f( void ){return 1;}\n")},
                            {"test/sip/msg_test.c": c("int  x;\n")}),
    "words: no banned function": (
        {"src/net/a.c": function("(int)strlen(\"x\") + n")},
        {"src/net/b.c": function("sprintf(0, 0) + n")},
        {"src/base/c.c": function("atoi(\"1\") + n")},
        {"src/main/d.c": function("rand() + n")},
        {"src/leg/e.c": function("time(0) + n")},
        {"src/leg/f.c": function("malloc(4) + n")},
        {"test/leg/f_test.c": function("usleep(4) + n")},
        {"test/net/f_test.c": function("strcpy(a, b) + n")},
    ),
    "words: no typedef": ({"src/sip/t.h": c("typedef int number;\n")},),
    "words: nothing is left unfinished": tuple(
        {name: c(f"/* {word}: later */\n")} for name in ("src/sip/t.h", "test/wire/t.py")
        for word in ("FIX" + "ME", "TO" + "DO", "XX" + "X", "HA" + "CK")),
    "words: nothing of the workplace": (
        {"CONTRIBUTING.md": "see /wo" + "rk/x\n"}, {"tools/t.py": "# .libr" + "ary\n"}),
    "pages: all are there": ({"LICENSE": None}, {"README.md": None}),
    "pages: every file and function they name exists": (
        {"ARCHITECTURE.md": "`src/sip/msg.c:msg_gone`\n"},
        {"ARCHITECTURE.md": "`src/sip/gone.c:msg_len`\n"},
        {"ARCHITECTURE.md": "`src/sip/msg.c:str_len`\n"},
        {"CONTRIBUTING.md": "in `test/gone/` there is\n"},
    ),
    "pages: the README's configuration is the example": (
        {"README.md": "x\n"}, {"examples/sipward.yaml": EXAMPLE + "domain: x\n"},
        {"examples/sipward.yaml": None}),
    "pages: each row of the requirements is shown by a test, or says why not": (
        {"test/rows/x.tsv": "A-1\tRFC 1\tnobody shows it\t\n"},
        {"test/rows/x.tsv": "A-1\tRFC 1\tstale\tnot yet: needs work\n"},
        {"test/rows/x.tsv": "A-1\tRFC 1\tboth\tnot yet: needs work\n",
         "test/calls/a.call": "row A-1\n"},
        {"test/rows/x.tsv": "A-1\tRFC 1\tno such state\tperhaps\n"},
        {"test/rows/x.tsv": "three\tcells\tonly\n"},
        {"test/calls/a.call": "row A-9\n"},
        {"test/sip/msg_test.c": HEAD + "/* rows: A-1 */\nint nothing;\n"},
        {"test/wire/test_x.py": SCRIPT + "# rows: A-1\nx = 1\n"},
        {"test/wire/test_x.py": SCRIPT + "# rows: A-9\ndef test_x():\n    pass\n"},
    ),
    "pages: each threat names tests that exist, or says why not": (
        {"test/threats/field.tsv": "P1\ttwo cells\n"},
        {"test/threats/field.tsv": "P1\tone of many\tnone it is so\n"},
        {"test/threats/field.tsv": PAINS.replace("none it is so", "none ", 1)},
        {"test/threats/field.tsv": PAINS.replace("none it is so", "unit sip/msg a_test", 1)},
        {"test/threats/field.tsv": PAINS.replace("none it is so", "wire x test_x", 1)},
        {"test/threats/field.tsv": PAINS.replace("none it is so", "calls x", 1)},
        {"test/threats/field.tsv": PAINS.replace("none it is so", "sim S1", 1)},
        {"test/threats/field.tsv": PAINS.replace("none it is so", "tidy words: x", 1)},
        {"test/threats/field.tsv": PAINS.replace("none it is so", "hope it is", 1)},
        {"test/threats/field.tsv": PAINS, "doc/threats.md": "# stale\n"},
    ),
}


def write(root, files):
    for name, text in files.items():
        path = os.path.join(root, name)
        if text is None:
            os.unlink(path)
            continue
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)


def compile_archives(root):
    """What Meson would leave in build/, made by hand."""
    build = os.path.join(root, "build")
    os.makedirs(build, exist_ok=True)
    core = []
    for folder in sorted(os.listdir(os.path.join(root, "src"))):
        objects = []
        for name in sorted(os.listdir(os.path.join(root, "src", folder))):
            if not name.endswith(".c"):
                continue
            out = os.path.join(build, f"{folder}-{name}.o")
            subprocess.run(["gcc", "-w", "-c", "-O0", "-ffreestanding", f"-I{root}/src", "-o", out,
                            os.path.join(root, "src", folder, name)], check=True)
            objects.append(out)
        if objects:
            subprocess.run(["ar", "rcs", f"{build}/libsipward-{folder}.a", *objects], check=True)
        core += objects if folder != "net" else []
    subprocess.run(["ar", "rcs", f"{build}/libsipwardcore.a", *core], check=True)
    return build


class Sandbox:
    def __init__(self, source):
        self.root = tempfile.mkdtemp(prefix="sipward-tidy-")
        self.root = os.path.join(self.root, "tree")
        write(self.root, SOUND)
        shutil.copy(os.path.join(source, ".clang-format"), self.root)

    def check(self, check, archives):
        build = compile_archives(self.root) if archives else os.path.join(self.root, "build")
        return check(Tree(self.root, build))

    def plant(self, files):
        """Puts FILES in place and returns what puts the former state back."""
        before = {}
        for name in files:
            path = os.path.join(self.root, name)
            before[name] = open(path, encoding="utf-8").read() if os.path.exists(path) else None
        write(self.root, files)
        return before

    def close(self):
        shutil.rmtree(os.path.dirname(self.root))


def goes_red(source, name, check):
    """Faults of the check itself: it must find nothing in what is sound, and each planted fault."""
    archives = "links" in name or "archive" in name
    box, faults = Sandbox(source), []
    try:
        faults += [f"in a sound project: {f}" for f in box.check(check, archives)]
        if not PLANTS.get(name):
            faults.append("nothing is planted for this check")
        for files in PLANTS.get(name, ()):
            before = box.plant(files)
            if not box.check(check, archives):
                faults.append(f"did not see the fault planted in {', '.join(files)}: "
                              f"{next(iter(files.values()))!r:.120}")
            box.plant(before)
            shutil.rmtree(os.path.join(box.root, "build"), ignore_errors=True)
    finally:
        box.close()
    return faults
