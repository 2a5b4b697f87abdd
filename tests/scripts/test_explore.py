"""scripts/explore.py: finds the front of a space that can be evaluated whole; one that was stopped ends as if it had not been."""

import contextlib
import io
import pathlib
import shutil
import unittest

import sweeps

SPACE = """
array.rows = 4 8 16 32
array.cols = 4 8 16 32
memory.bytes_per_cycle = 2 4 8 16
[buffers]
act_kib = 4..64*2
weight_kib = 4..64*2
"""


class ExploreTest(sweeps.SweepTest):
    def setUp(self):
        missing = sweeps.python_missing("optuna")
        if missing:
            self.skipTest(missing)
        super().setUp()
        self.space.write_text(SPACE)

    def explore(self, path, *more, points=240):
        explore = sweeps.script("explore")
        output = io.StringIO()
        with contextlib.redirect_stdout(output):
            self.assertEqual(explore.main([str(self.space), sweeps.MODEL, "-o", str(path), "--objectives", "cycles,pes",
                                           "--points", str(points), "--seed", "3", *more]), 0)
        return output.getvalue()

    def test_finds_most_of_the_front(self):
        path = self.folder / "explored.db"
        output = self.explore(path)
        self.assertIn("240 tried of 1600", output)
        found = sweeps.script("qsim_module").qsim.Store(path).pareto("cycles,pes")
        whole = self.folder / "whole.db"
        qsim = sweeps.script("qsim_module").qsim
        store = qsim.Store(whole, "w")
        qsim.sweep(qsim.Space(str(self.space), [sweeps.MODEL]), store)
        front = {tuple(row) for row in store.pareto("cycles,pes")[["cycles", "pes"]].to_numpy()}
        hits = front & {tuple(row) for row in found[["cycles", "pes"]].to_numpy()}
        self.assertGreaterEqual(len(hits), 0.6 * len(front), f"{len(hits)} of {len(front)} points of the front")

    def test_a_search_that_was_stopped_goes_on_as_if_it_had_not_been(self):
        whole, stopped = self.folder / "whole.db", self.folder / "stopped.db"
        self.explore(whole, points=120)
        self.explore(stopped, points=48)
        copy = pathlib.Path(shutil.copy(stopped, self.folder / "copy.db"))
        output = self.explore(copy, points=120)
        self.assertEqual(sweeps.all_rows(copy), sweeps.all_rows(whole))
        there = len(sweeps.query(stopped, "SELECT * FROM points"))
        self.assertIn(f"{there} points were there", output)

    def test_accuracy_is_an_objective(self):
        self.space.write_text("array = 4x4 8x8 16x16\nbits = 8/8 4/8 4/4 2/2\narray.pe_modes = 8 8-4-2\n")
        explore = sweeps.script("explore")
        path = self.folder / "accuracy.db"
        output = io.StringIO()
        with contextlib.redirect_stdout(output):
            self.assertEqual(explore.main([str(self.space), sweeps.MODEL, "-o", str(path), "--objectives",
                                           "cycles,accuracy", "--points", "24", "--population", "8", *sweeps.DATA]), 0)
        self.assertIn("cycles  top1", output.getvalue())

    def test_prices_of_ones_own(self):
        self.space.write_text("array = 4x4 8x8\n")
        path, prices = self.folder / "prices.db", sweeps.own_prices(self.folder)
        self.explore(path, "--prices", str(prices), points=4)
        commands = [command for command, in sweeps.query(path, "SELECT command FROM points")]
        self.assertEqual(len(commands), 2)
        self.assertTrue(all(f"--prices {prices}" in command for command in commands), commands)

    def test_another_build_s_store_is_refused(self):
        self.space.write_text("array = 4x4 8x8\n")
        path = self.folder / "old.db"
        self.explore(path, points=4)
        sweeps.of_another_build(path)
        explore, errors = sweeps.script("explore"), io.StringIO()
        with contextlib.redirect_stderr(errors):
            self.assertEqual(explore.main([str(self.space), sweeps.MODEL, "-o", str(path), "--points", "4"]), 1)
        self.assertIn("holds results of qsim 0.0.1+0000000000000000, which are not those of ", errors.getvalue())

    def test_a_metric_that_no_point_has_ends_the_search(self):
        explore, errors, path = sweeps.script("explore"), io.StringIO(), self.folder / "r.db"
        with contextlib.redirect_stderr(errors):
            self.assertEqual(explore.main([str(self.space), sweeps.MODEL, "-o", str(path), "--objectives", "cycels,pes",
                                           "--population", "8", "--points", "240"]), 1)
        self.assertIn("no point has cycels; there are ", errors.getvalue())
        self.assertLessEqual(len(sweeps.query(path, "SELECT * FROM points")), 8)

    def test_a_seed_that_is_none(self):
        errors = io.StringIO()
        with contextlib.redirect_stderr(errors), self.assertRaises(SystemExit):
            sweeps.script("explore").main([str(self.space), sweeps.MODEL, "-o", "r.db", "--seed", "-1"])
        self.assertIn("--seed -1 is outside [0, 2^32 - 1]", errors.getvalue())

    def test_errors_are_one_line(self):
        explore = sweeps.script("explore")
        errors = io.StringIO()
        with contextlib.redirect_stderr(errors):
            self.assertEqual(explore.main([str(self.space), sweeps.MODEL, "-o", str(self.folder / "r.db"),
                                           "--objectives", "cycles:up"]), 1)
        self.assertEqual(errors.getvalue(), "explore.py: --objectives = cycles:up is not a list like cycles,accuracy "
                                            "or cycles:min,pes\n")


if __name__ == "__main__":
    unittest.main()
