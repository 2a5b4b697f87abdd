#!/usr/bin/python3
"""Count the results in a JUnit file that `ctest --output-junit` wrote; the last line is for scripts/test.sh.

A test that could not be started counts as failed; one that skipped itself (GTEST_SKIP, a skip return code)
counts as skipped, and is listed with its reason.
"""

import sys
import xml.etree.ElementTree


def result_of(case):
    """'passed', 'failed' or 'skipped' for one <testcase>."""
    status = case.get("status")
    if status == "run":
        return "passed"
    if status == "disabled":
        return "skipped"
    skipped = case.find("skipped")
    if status == "notrun" and skipped is not None and skipped.get("message", "").startswith("SKIP_"):
        return "skipped"
    return "failed"


def skip_reason(case):
    """The message of GTEST_SKIP: the line after 'file:line: Skipped' in the test's output."""
    lines = (case.findtext("system-out") or "").splitlines()
    for line, following in zip(lines, lines[1:]):
        if line.endswith(": Skipped"):
            return f" ({following.strip()})"
    return ""


def main(argv):
    if len(argv) != 1:
        print("usage: count_junit.py FILE", file=sys.stderr)
        return 2
    counts = {"passed": 0, "failed": 0, "skipped": 0}
    for case in xml.etree.ElementTree.parse(argv[0]).iter("testcase"):
        result = result_of(case)
        counts[result] += 1
        if result != "passed":
            print(f"{result}: {case.get('name')}{skip_reason(case)}")
    print(" ".join(f"{what}={count}" for what, count in counts.items()))
    return 1 if counts["failed"] else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
