"""hw/rtl is clean under verilator -Wall, with the waivers of hw/lint, for machines of all kinds; every waiver has its reason."""

import pathlib
import shutil
import subprocess
import unittest

from rtl_machines import ROWS, parameters

ROOT = pathlib.Path(__file__).resolve().parents[2]
RTL = ROOT / "hw" / "rtl"
WAIVERS = sorted((ROOT / "hw" / "lint").glob("*.vlt"))


def lint(top, settings):
    """What Verilator says about a module with these parameters."""
    sources = sorted(RTL.glob("*_pkg.sv")) + [RTL / f"{top}.sv"]
    command = ["verilator", "--lint-only", "-Wall", "--top-module", top, "-y", RTL]
    command += [f"-G{setting}" for setting in settings] + WAIVERS + sources
    return subprocess.run(list(map(str, command)), capture_output=True, text=True).stderr


@unittest.skipUnless(shutil.which("verilator"), "verilator is not installed (scripts/setup.sh)")
class LintTest(unittest.TestCase):
    def test_machines(self):
        for name in ROWS:
            with self.subTest(name):
                self.assertEqual(lint("qsim_top", parameters(name)), "")

    def test_default_parameters(self):
        self.assertEqual(lint("qsim_top", []), "")

    def test_every_module_alone(self):
        for path in sorted(RTL.glob("*.sv")):
            if not path.stem.endswith("_pkg"):
                with self.subTest(path.stem):
                    self.assertEqual(lint(path.stem, []), "")

    def test_a_parameter_out_of_range(self):
        self.assertIn("Rows is outside [2, 256]", lint("qsim_top", ["Rows=1"]))

    def test_waivers_have_reasons(self):
        """Above every waiver, or the run of waivers that it is in, stands a comment."""
        for path in WAIVERS:
            reason = False
            for number, line in enumerate(path.read_text().splitlines(), 1):
                if line.startswith("lint_off"):
                    self.assertTrue(reason, f"{path.name}:{number} has no reason")
                else:
                    reason = line.startswith("//")


if __name__ == "__main__":
    unittest.main()
