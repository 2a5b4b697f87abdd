"""sim/cli/build_hash.cmake: sources by name and content, wherever they lie; what no result rests on is left out."""

import pathlib
import shutil
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
SCRIPT = ROOT / "sim/cli/build_hash.cmake"


@unittest.skipIf(shutil.which("cmake") is None, "cmake is not installed (scripts/setup.sh)")
class BuildHashTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.tree = self.folder / "tree"
        for name in ("compiler/plan/plan.cpp", "hw/prices/28nm.cfg", "hw/spec/isa.def", "sim/price/energy.h",
                     "sim/systemc/array.cpp"):
            self.write(name, f"// {name}\n")

    def write(self, name, text):
        path = self.tree / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def hash(self, root=None):
        output = self.folder / "hash.inc"
        subprocess.run(["cmake", f"-DROOT={root or self.tree}", f"-DOUTPUT={output}", "-P", str(SCRIPT)], check=True,
                       capture_output=True)
        text = output.read_text()
        self.assertRegex(text, r'^"[0-9a-f]{16}"\n$')
        return text

    def test_another_folder_has_the_same_hash(self):
        other = self.folder / "a folder of another name"
        shutil.copytree(self.tree, other)
        self.assertEqual(self.hash(other), self.hash())

    def test_what_results_rest_on_changes_it(self):
        before = self.hash()
        for name in ("compiler/plan/plan.cpp", "hw/prices/28nm.cfg", "hw/spec/isa.def", "sim/price/energy.h"):
            with self.subTest(name):
                text = (self.tree / name).read_text()
                self.write(name, text + " ")
                self.assertNotEqual(self.hash(), before)
                self.write(name, text)
        self.assertEqual(self.hash(), before)
        (self.tree / "sim/price/energy.h").rename(self.tree / "sim/price/other.h")
        self.assertNotEqual(self.hash(), before)

    def test_what_they_do_not_rest_on_does_not(self):
        before = self.hash()
        for name in ("sim/systemc/array.cpp", "sim/python/settings.cpp", "sim/synth/synth.cpp", "sim/engines/rtl/engine.cpp",
                     "sim/report/page/sweep.js", "docs/index.md", "hw/spec/isa.def.orig"):
            self.write(name, "something else\n")
        (self.folder / "elsewhere").mkdir()
        (self.folder / "elsewhere" / "library.h").write_text("of somebody else\n")
        (self.tree / "sim/library").symlink_to(self.folder / "elsewhere")
        self.assertEqual(self.hash(), before)

    def test_the_tree_has_one(self):
        self.assertEqual(self.hash(ROOT), self.hash(ROOT))


if __name__ == "__main__":
    unittest.main()
