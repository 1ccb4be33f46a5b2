# SPDX-License-Identifier: Apache-2.0
"""A pytest plugin (-p tally): writes each test's end as one JSON line to $SIPWARD_TALLY at once, so
that nothing is lost when the run is cut short."""

import json
import os

TALLY = os.environ["SIPWARD_TALLY"]


def write(**line):
    with open(TALLY, "a", encoding="utf-8") as file:
        file.write(json.dumps(line) + "\n")


def pytest_runtest_logstart(nodeid):
    write(name=nodeid, end="started")


def pytest_runtest_logreport(report):
    if report.failed:
        end = "failed"
        reason = report.longreprtext
        for title, text in report.sections:
            reason += f"\n--- {title}\n{text}"
    elif report.skipped:
        end = "skipped"
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longreprtext
    elif report.when == "call":
        end, reason = "passed", ""
    else:
        return
    write(name=report.nodeid, end=end, reason=reason)


def pytest_collectreport(report):
    if report.failed:
        write(name=report.nodeid or "collection", end="failed", reason=report.longreprtext)
    elif report.skipped:
        write(name=report.nodeid, end="skipped", reason=str(report.longrepr))


def pytest_sessionfinish(exitstatus):
    write(name="", end="finished", reason=str(int(exitstatus)))
