"""docs/reference/energy-anchors.md says what scripts/energy_anchors.py computes."""

import importlib.util
import pathlib
import subprocess
import sys
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent


@unittest.skipUnless(importlib.util.find_spec("onnx"), "needs the package onnx (scripts/setup.sh --test)")
class EnergyAnchors(unittest.TestCase):
    def test_page_is_fresh(self):
        page = subprocess.run([sys.executable, str(ROOT / "scripts/energy_anchors.py")], check=True, capture_output=True,
                              text=True).stdout
        self.assertEqual(page, (ROOT / "docs/reference/energy-anchors.md").read_text(encoding="utf-8"),
                         "refresh: .venv/bin/python scripts/energy_anchors.py > docs/reference/energy-anchors.md")


if __name__ == "__main__":
    unittest.main()
