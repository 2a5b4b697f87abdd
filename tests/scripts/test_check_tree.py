"""Every rule of scripts/check_tree.py fails on a tree that breaks it, and passes on one that does not."""

import pathlib
import sys
import tempfile
import unittest

SCRIPTS = pathlib.Path(__file__).resolve().parents[2] / "scripts"
sys.path.insert(0, str(SCRIPTS))
import check_tree  # noqa: E402

# (rule, file, a line that breaks the rule, a line that does not)
CASES = [
    ("spec_depends_on_nothing", "hw/spec/a.h", '#include "compiler/b.h"', '#include "hw/spec/b.h"'),
    ("spec_depends_on_nothing", "hw/spec/a.h", '#include "sim/b.h"', "#include <vector>"),
    ("compiler_does_not_see_sim", "compiler/a.cpp", '#include "sim/b.h"', '#include "hw/spec/b.h"'),
    ("sim_does_not_see_compiler", "sim/report/a.cpp", '  #  include "compiler/b.h"', '#include "sim/b.h"'),
    (
        "engines_do_not_share",
        "sim/engines/analytic/a.cpp",
        '#include "sim/engines/reference/b.h"',
        '#include "sim/engines/analytic/b.h"',
    ),
    (
        "engines_do_not_share",
        "sim/systemc/a.cpp",
        '#include "sim/engines/analytic/b.h"',
        '#include "sim/engines/engine.h"',
    ),
    ("no_upward_includes", "sim/cli/a.cpp", '#include "../b.h"', '#include "sim/cli/b.h"'),
    ("systemc_in_its_room", "sim/engines/analytic/a.cpp", "#include <systemc>", "#include <span>"),
    ("systemc_in_its_room", "compiler/a.cpp", "#include <tlm_utils/x.h>", "#include <span>"),
    ("verilated_in_its_room", "sim/systemc/a.cpp", "#include <verilated.h>", "#include <systemc>"),
    ("verilated_in_its_room", "sim/cli/a.cpp", '#include "Vqsim_top.h"', '#include "sim/V.md"'),
    ("boost_in_its_room", "compiler/a.cpp", "#include <boost/any.hpp>", "#include <any>"),
    ("protobuf_in_its_room", "compiler/passes/a.cpp", "#include <onnx/onnx_pb.h>", "#include <any>"),
    ("protobuf_in_its_room", "sim/a.cpp", "#include <google/protobuf/x.h>", "#include <any>"),
    ("libraries_stay_silent", "compiler/a.cpp", 'std::cerr << "x";', 'out << "x";  // std::cerr'),
    ("libraries_stay_silent", "hw/spec/a.cpp", "  std::exit(1);", "  snprintf(b, 4, f);"),
    ("no_machine_paths", "docs/a.md", "see /" + "root/qsim/x", "see /usr/share/x"),
    ("links_resolve", "docs/a.md", "[b](b.md)", "[a](a.md#part) [x](https://example.org/b.md)"),
    ("headers_have_guards", "hw/spec/a.h", "int x;", "#pragma once"),
    ("scripts_parse", "scripts/a.py", "def f(:", "def f(): pass"),
    ("scripts_parse", "scripts/a.sh", "if true; then", "true"),
]


class CheckTreeTest(unittest.TestCase):
    def findings(self, rule, name, line):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / name
            path.parent.mkdir(parents=True)
            path.write_text(line + "\n")
            tree = check_tree.Tree(pathlib.Path(folder), [name])
            return getattr(check_tree, rule)(tree)

    def test_each_rule_bites(self):
        for rule, name, bad, good in CASES:
            with self.subTest(rule=rule, line=bad):
                self.assertEqual(len(self.findings(rule, name, bad)), 1)
                self.assertEqual(self.findings(rule, name, good), [])

    def test_rooms_are_open_to_their_owners(self):
        for rule, name, line in [
            ("systemc_in_its_room", "sim/systemc/a.cpp", "#include <systemc>"),
            ("verilated_in_its_room", "sim/engines/rtl/a.cpp", "#include <verilated.h>"),
            ("boost_in_its_room", "hw/spec/arch_parse.cpp", "#include <boost/any.hpp>"),
            ("protobuf_in_its_room", "compiler/onnx/a.cpp", "#include <onnx/onnx_pb.h>"),
            ("sim_does_not_see_compiler", "sim/cli/a.cpp", '#include "compiler/b.h"'),
            ("libraries_stay_silent", "sim/cli/a.cpp", "std::cout << x;"),
        ]:
            with self.subTest(rule=rule):
                self.assertEqual(self.findings(rule, name, line), [])

    def test_large_file(self):
        self.assertEqual(len(self.findings("no_large_files", "models/a.onnx", "x" * 1_000_001)), 1)
        self.assertEqual(self.findings("no_large_files", "models/a.onnx", "x" * 1000), [])

    def test_format(self):
        try:
            bad = self.findings("formatted", "hw/spec/a.cpp", "int  main( ){}")
        except check_tree.Skip as reason:
            self.skipTest(str(reason))
        self.assertEqual(len(bad), 1)


if __name__ == "__main__":
    unittest.main()
