#!/usr/bin/env python3
"""Run every tests/**/test_*.py (unittest); the last line is for scripts/test.sh."""

import importlib.util
import pathlib
import sys
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent


def load(path):
    """The test cases of one file; the file's own folder is importable, as when it is run alone."""
    sys.path.insert(0, str(path.parent))
    name = "_".join(path.relative_to(ROOT).with_suffix("").parts)
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return unittest.defaultTestLoader.loadTestsFromModule(module)


def main():
    suite = unittest.TestSuite(load(path) for path in sorted(ROOT.glob("tests/**/test_*.py")))
    result = unittest.TextTestRunner(stream=sys.stdout, verbosity=2).run(suite)
    failed = len(result.failures) + len(result.errors) + len(result.unexpectedSuccesses)
    skipped = len(result.skipped)
    print(f"passed={result.testsRun - failed - skipped} failed={failed} skipped={skipped}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
