#!/usr/bin/env python3
"""Run every tests/**/test_*.py (unittest); the last line is for scripts/test.sh.

Those of tests/qat need PyTorch. Where this Python has none and Debian's has, they run there, and their count is added.
"""

import importlib.util
import pathlib
import re
import subprocess
import sys
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent
QAT = ROOT / "tests/qat"
DEBIAN = "/usr/bin/python3"


def load(path):
    """The test cases of one file; the file's own folder is importable, as when it is run alone."""
    sys.path.insert(0, str(path.parent))
    name = "_".join(path.relative_to(ROOT).with_suffix("").parts)
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return unittest.defaultTestLoader.loadTestsFromModule(module)


def run(paths):
    """(passed, failed, skipped)"""
    suite = unittest.TestSuite(load(path) for path in sorted(paths))
    result = unittest.TextTestRunner(stream=sys.stdout, verbosity=2).run(suite)
    failed = len(result.failures) + len(result.errors) + len(result.unexpectedSuccesses)
    skipped = len(result.skipped)
    return result.testsRun - failed - skipped, failed, skipped


def debian_has_torch():
    command = [DEBIAN, "-c", "import torch, onnx"]
    return pathlib.Path(DEBIAN).exists() and subprocess.run(command, capture_output=True, check=False).returncode == 0


def run_by_debian():
    """The count of tests/qat in a process of Debian's Python; one failure when it did not come to its end."""
    done = subprocess.run([DEBIAN, __file__, "--qat"], capture_output=True, text=True, check=False)
    print(done.stdout + done.stderr, flush=True)
    found = re.findall(r"^passed=(\d+) failed=(\d+) skipped=(\d+)$", done.stdout, re.M)
    return tuple(map(int, found[-1])) if found else (0, 1, 0)


def main(arguments):
    everything = set(ROOT.glob("tests/**/test_*.py"))
    qat = {path for path in everything if path.is_relative_to(QAT)}
    if "--qat" in arguments:
        counts = [run(qat)]
    elif importlib.util.find_spec("torch") is None and debian_has_torch():
        counts = [run(everything - qat), run_by_debian()]
    else:
        counts = [run(everything)]
    passed, failed, skipped = map(sum, zip(*counts))
    print(f"passed={passed} failed={failed} skipped={skipped}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
