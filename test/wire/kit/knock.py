# SPDX-License-Identifier: Apache-2.0
"""knock.py HOST PORT CA RATE: makes RATE verified handshakes a second until its input ends; says
each that fails, and at the end `knocked N failed M in S s`."""
import socket
import ssl
import sys
import threading
import time

THREADS = 4


class Knocker:
    def __init__(self, host, port, authority, rate):
        self.where, self.gap = (host, int(port)), THREADS / float(rate)
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        self.context.load_verify_locations(authority)
        self.good, self.bad, self.over = [0] * THREADS, [0] * THREADS, False

    def knock(self):
        with socket.create_connection(self.where, timeout=10) as plain:
            with self.context.wrap_socket(plain, server_hostname=self.where[0]) as end:
                end.unwrap()

    def run(self, place):
        due = time.monotonic() + self.gap * place / THREADS
        while not self.over:
            time.sleep(max(0.0, due - time.monotonic()))
            due = max(due + self.gap, time.monotonic() - 1)
            try:
                self.knock()
                self.good[place] += 1
            except OSError as fault:
                self.bad[place] += 1
                print("failed:", fault, flush=True)


def main():
    knocker = Knocker(*sys.argv[1:5])
    threads = [threading.Thread(target=knocker.run, args=(n,)) for n in range(THREADS)]
    began = time.monotonic()
    for thread in threads:
        thread.start()
    print("knocking", flush=True)
    sys.stdin.read()
    knocker.over = True
    for thread in threads:
        thread.join()
    print(f"knocked {sum(knocker.good)} failed {sum(knocker.bad)} "
          f"in {time.monotonic() - began:.1f} s", flush=True)


if __name__ == "__main__":
    main()
