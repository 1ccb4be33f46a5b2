# SPDX-License-Identifier: Apache-2.0
"""Asks a running server over its admin socket: as its own command line, and as any HTTP client."""
import http.client
import json
import os
import shutil
import socket
import subprocess
import tempfile

from .server import binary


class Window:
    """A place for an admin socket, short enough for one, and how to look through it."""

    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix="sipward-")
        os.chmod(self.folder, 0o711)
        self.path = os.path.join(self.folder, "s")

    def close(self):
        shutil.rmtree(self.folder, ignore_errors=True)

    def run(self, *words, seconds=15, **more):
        """`sipward WORDS --socket PATH`: (exit code, what it printed, its complaints)."""
        return run(*words, "--socket", self.path, seconds=seconds, **more)

    def run_as_nobody(self, *words):
        """Likewise as a user without any right. None: that one cannot reach the program at all."""
        def become_nobody():
            os.setgroups([])
            os.setgid(65534)
            os.setuid(65534)
        try:
            return self.run(*words, preexec_fn=become_nobody, cwd="/")
        except (PermissionError, subprocess.SubprocessError):
            return None

    def json(self, *words):
        code, text, errors = self.run(*words, "--json")
        assert code == 0, errors
        return json.loads(text)

    def request(self, target, method="GET", body=None, headers=None):
        """(status, headers, body) of one request."""
        connection = Local(self.path)
        try:
            connection.request(method, target, body, headers or {})
            response = connection.getresponse()
            return response.status, dict(response.getheaders()), response.read()
        finally:
            connection.close()

    def get(self, target):
        status, _headers, body = self.request(target)
        assert status == 200, body
        return json.loads(body)


def run(*words, seconds=15, **more):
    done = subprocess.run([binary(), *map(str, words)], stdin=subprocess.DEVNULL, timeout=seconds,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False, **more)
    return (done.returncode, done.stdout.decode("utf-8", "strict"),
            done.stderr.decode("utf-8", "replace"))


class Local(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("sipward", timeout=15)
        self.local_path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.local_path)
