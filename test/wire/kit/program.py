# SPDX-License-Identifier: Apache-2.0
"""A child process whose lines can be awaited on the loop of the phones."""
import os
import re
import signal
import subprocess
import threading


class Program:
    def __init__(self, loop, words, title, stdin=False, **more):
        self.loop, self.title = loop, title
        self.lines = []
        self.mark = 0
        self.process = subprocess.Popen(
            [str(word) for word in words], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            stdin=subprocess.PIPE if stdin else subprocess.DEVNULL, start_new_session=True, **more)
        self.over = False
        self.thread = threading.Thread(target=self._read, daemon=True)
        self.thread.start()

    def _read(self):
        for line in self.process.stdout:
            self.lines.append(line.decode("utf-8", "replace").rstrip("\r\n"))
            self.loop.wake()
        self.process.wait()
        self.over = True
        self.loop.wake()

    def text(self):
        return "\n".join(self.lines)

    def find(self, pattern, start=0):
        for line in self.lines[start:]:
            found = re.search(pattern, line)
            if found:
                return found
        return None

    def await_line(self, pattern, seconds=5.0, start=0):
        """The first line (from number `start`) that the pattern is found in."""
        def look():
            found = self.find(pattern, start)
            if not found and self.over:
                found = self.find(pattern, start)
                assert found, f"{self.title} ended without {pattern!r}:\n{self.text()}"
            return found
        return self.loop.wait(lambda: f"{pattern!r} from {self.title}:\n{self.text()}", look,
                              seconds)

    def say(self, line):
        self.process.stdin.write(line.encode() + b"\n")
        self.process.stdin.flush()

    def signal(self, number):
        self.process.send_signal(number)

    def await_end(self, seconds=10.0):
        self.loop.wait(lambda: f"the end of {self.title}:\n{self.text()}", lambda: self.over,
                       seconds)
        return self.process.returncode

    def kill(self):
        """Ends the program and what it started (its own session)."""
        if not self.over:
            try:
                os.killpg(self.process.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
            self.await_end()
        if self.process.stdin:
            self.process.stdin.close()
