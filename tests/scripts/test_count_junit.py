"""scripts/count_junit.py counts what ctest 3.25 writes: passes, failures, skips, tests that never started."""

import contextlib
import io
import pathlib
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "scripts"))
import count_junit  # noqa: E402

JUNIT = """<?xml version="1.0" encoding="UTF-8"?>
<testsuite name="Linux-c++" tests="5" failures="1" disabled="1" skipped="2" hostname="" time="0">
<testcase name="good" classname="good" time="0.1" status="run"><system-out>x</system-out></testcase>
<testcase name="bad" classname="bad" time="0.1" status="fail"><failure message=""/></testcase>
<testcase name="off" classname="off" time="0" status="disabled"/>
<testcase name="own" classname="own" time="0" status="notrun">
  <skipped message="SKIP_REGULAR_EXPRESSION_MATCHED"/>
  <system-out>[ RUN      ] A.own
tests/a.cpp:1: Skipped
no test data

[  SKIPPED ] A.own (0 ms)</system-out></testcase>
<testcase name="gone" classname="gone" time="0" status="notrun">
  <skipped message="Unable to find executable"/></testcase>
</testsuite>
"""


class CountJunitTest(unittest.TestCase):
    def run_on(self, text):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "junit.xml"
            path.write_text(text)
            output = io.StringIO()
            with contextlib.redirect_stdout(output):
                code = count_junit.main([str(path)])
        return code, output.getvalue().splitlines()

    def test_every_status(self):
        code, lines = self.run_on(JUNIT)
        self.assertEqual(lines[-1], "passed=1 failed=2 skipped=2")
        self.assertIn("failed: gone", lines)
        self.assertIn("skipped: own (no test data)", lines)
        self.assertEqual(code, 1)

    def test_nothing_failed(self):
        code, lines = self.run_on('<testsuite><testcase name="a" status="run"/></testsuite>')
        self.assertEqual((code, lines[-1]), (0, "passed=1 failed=0 skipped=0"))


if __name__ == "__main__":
    unittest.main()
