"""The Python module: the same numbers as the tool, typed, with errors as qsim.Error; its page and its stubs are true."""

import ast
import doctest
import json
import os
import pathlib
import pickle
import subprocess
import sys
import tempfile
import threading
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "scripts"))
import sweeps  # noqa: E402

ROOT = sweeps.ROOT
QDQ = str(ROOT / "models" / "digits_qdq.onnx")
DATA = str(ROOT / "models" / "digits_test.npz")


class ModuleTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        missing = sweeps.python_missing()
        if missing:
            raise unittest.SkipTest(missing)
        cls.qsim = sweeps.script("qsim_module").qsim

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def test_run_reports_what_the_tool_reports(self):
        report = self.qsim.run(QDQ, machine="edge8", overrides={"array.rows": 16, "memory.bytes_per_cycle": 2.5},
                               data=DATA, limit=60)
        command = [str(sweeps.QSIM), "run", "--arch", "edge8", "--array.rows", "16", "--memory.bytes_per_cycle", "2.5",
                   "--data", DATA, "--limit", "60", "--json", "-", QDQ]
        expected = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
        mine = json.loads(report.to_json())
        for document in (expected, mine):
            document["manifest"].pop("command")
        self.assertEqual(mine, expected)
        self.assertEqual(report.cycles, expected["figures"]["cycles"]["value"])
        self.assertEqual(report.figures["cycles"].origin, "measured")
        self.assertEqual(report.accuracy.top1, expected["accuracy"]["top1"])
        self.assertEqual([layer.cycles for layer in report.layers], [layer["cycles"] for layer in expected["layers"]])
        self.assertEqual(report.layers[1].values["macs"], expected["layers"][1]["macs"])
        self.assertEqual(report.machine.keys, {k: v for k, v in expected["machine"].items() if k != "name"})

    def test_prices_of_ones_own(self):
        prices = sweeps.own_prices(self.folder)
        plain, report = self.qsim.run(QDQ), self.qsim.run(QDQ, prices=prices)
        command = [str(sweeps.QSIM), "run", "--prices", str(prices), "--json", "-", QDQ]
        expected = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
        mine = json.loads(report.to_json())
        self.assertEqual(mine["manifest"].pop("command"),
                         f"qsim.run({QDQ!r}, engine='analytic', prices={str(prices)!r})")
        expected["manifest"].pop("command")
        self.assertEqual(mine, expected)
        self.assertEqual(mine["energy"]["technology"], "ours")
        self.assertGreater(report.figures["energy_uj"].value, plain.figures["energy_uj"].value)
        self.assertEqual(report.cycles, plain.cycles)
        space = self.qsim.Space.from_text("machine = edge16\n", models=[QDQ])
        point = self.qsim.Evaluator(prices=prices).evaluate(space.point(0))
        metrics = {metric.name: metric.value for metric in point.metrics}
        self.assertEqual(metrics["energy_uj"], report.figures["energy_uj"].value)
        self.assertTrue(point.prices.startswith("ours "))
        self.assertIn(f"--prices {prices}", point.command)
        with self.assertRaisesRegex(self.qsim.Error, "nowhere.cfg: cannot be read as a price table"):
            self.qsim.run(QDQ, prices="nowhere.cfg")

    def test_recipes_are_files_or_dictionaries(self):
        recipe = self.folder / "w4.json"
        recipe.write_text('{"weights": 4}')
        by_file = self.qsim.run(sweeps.MODEL, recipe=recipe)
        by_value = self.qsim.run(sweeps.MODEL, recipe={"weights": 4})
        self.assertEqual(by_file.cycles, by_value.cycles)
        self.assertEqual(by_value.layers[1].weight_bits, 4)

    def test_compile(self):
        program = self.qsim.compile(QDQ, machine="tiny4")
        self.assertGreater(program.instructions, 0)
        self.assertTrue(program.has_values)
        path = self.folder / "net.qprog"
        program.save(str(path))
        self.assertEqual(self.qsim.run(path).cycles, self.qsim.run(QDQ, machine="tiny4").cycles)

    def test_machines(self):
        names = [machine.name for machine in self.qsim.machines()]
        self.assertIn("edge16", names)
        self.assertEqual(self.qsim.machine("tiny4").keys["array.rows"], 4)
        self.assertEqual(self.qsim.machine("tiny4", {"array.cols": 8}).pes, 32)

    def test_errors(self):
        for call in (lambda: self.qsim.run("missing.onnx"),
                     lambda: self.qsim.run(QDQ, machine="edge9"),
                     lambda: self.qsim.run(QDQ, overrides={"array.rows": 1}),
                     lambda: self.qsim.run(QDQ, engine="magic"),
                     lambda: self.qsim.run(QDQ, batch=0),
                     lambda: self.qsim.Space("missing.cfg"),
                     lambda: self.qsim.Store("missing.db"),
                     lambda: self.qsim.Store(self.folder / "x.db", "a"),
                     lambda: self.qsim.objectives("")):
            with self.assertRaises(self.qsim.Error):
                call()
        for settings, words in (({"limit": "x"}, "limit = 'x' is not a whole number"), ({"limit": 1.5}, "limit = 1.5 is not a whole number"),
                                ({"data": 3}, "data = 3 is not text"), ({"skip_float": "yes"}, "skip_float = 'yes' is not True or False"),
                                ({"input_shapes": {"x": "1x3"}}, "input_shapes = .* is not a dictionary like")):
            with self.assertRaisesRegex(self.qsim.Error, words):
                self.qsim.Evaluator(**settings)
        with self.assertRaisesRegex(self.qsim.Error, r"overrides = \[1\] is not a dictionary like"):
            self.qsim.run(QDQ, overrides=[1])
        with self.assertRaisesRegex(self.qsim.Error, r"array\.rows = 1 is outside \[2, 256\]"):
            self.qsim.machine("edge16", {"array.rows": 1})
        with self.assertRaises(TypeError):
            self.qsim.run(QDQ, machines="edge8")

    def test_the_lock_of_the_interpreter_is_free_while_a_run_lasts(self):
        counted = 0
        stop = threading.Event()

        def count():
            nonlocal counted
            while not stop.is_set():
                counted += 1
                time.sleep(0.001)

        thread = threading.Thread(target=count)
        thread.start()
        time.sleep(0.05)
        before = counted
        self.qsim.run(sweeps.MODEL, engine="systemc", data=DATA, limit=12)
        during = counted - before
        stop.set()
        thread.join()
        self.assertGreater(during, 3)

    def test_sweep_store_and_pickles(self):
        space = self.qsim.Space.from_text("array = 4x4 8x8\nbits = 8/8 4/4\n", models=[sweeps.MODEL])
        self.assertEqual(len(space), 4)
        self.assertEqual([axis.name for axis in space.axes], ["model", "array", "bits"])
        self.assertEqual(space.point(1).overrides, {"array.rows": "4", "array.cols": "4"})
        self.assertEqual(space.point([0, 0, 1]).recipe, space.point(1).recipe)
        with self.assertRaises(IndexError):
            space.point(4)
        evaluator = self.qsim.Evaluator(data=DATA, limit=20)
        store = self.qsim.Store(self.folder / "r.db", "w")
        store.use_samples(evaluator.samples_description)
        points, values = self.qsim.pending(space, evaluator, store)
        self.assertEqual((len(points), len(values)), (4, 2))
        results = [evaluator.evaluate(pickle.loads(pickle.dumps(point))) for point in points]
        accuracies = [evaluator.evaluate_values(point) for point in values]
        store.add(pickle.loads(pickle.dumps(results)), pickle.loads(pickle.dumps(accuracies)))
        self.assertEqual(sorted(store.point_keys()), sorted(row.key for row in results))
        self.assertEqual({row.key: row for row in store.values()}.keys(), {row.key for row in accuracies})
        counts = self.qsim.sweep(space, store, evaluator)
        self.assertEqual((counts["there"], counts["evaluated"]), (4, 0))
        with self.assertRaisesRegex(self.qsim.Error, "r.db: is open for reading alone"):
            self.qsim.sweep(self.qsim.Space.from_text("array = 16x16\n", models=[sweeps.MODEL]), self.qsim.Store(self.folder / "r.db"))
        self.assertIn("Pareto front", store.pareto_text("cycles,accuracy"))

    def test_frame(self):
        missing = sweeps.python_missing("pandas")
        if missing:
            self.skipTest(missing)
        space = self.qsim.Space.from_text("array = 4x4 8x8 200x8\n[buffers]\nweight_kib = 1\n", models=[sweeps.MODEL])
        store = self.qsim.Store(self.folder / "r.db", "w")
        self.qsim.sweep(space, store, self.qsim.Evaluator(data=DATA, limit=20))
        frame = store.frame()
        self.assertEqual(len(frame), 3)
        self.assertEqual(sorted(frame["array.rows"]), [4, 8, 200])
        self.assertEqual(list(frame["status"]).count("failed"), 1)
        done = frame[frame["status"] == "done"].set_index("array.rows")
        self.assertEqual(done.loc[8, "cycles"], self.qsim.run(
            sweeps.MODEL, overrides={"array.rows": 8, "array.cols": 8, "buffers.weight_kib": 1}).cycles)
        self.assertEqual(done["top1"].nunique(), 1)
        self.assertEqual(set(frame["shapes"]), {"batch 1"})
        self.assertEqual(store.units()["cycles"], ("cycles", "measured"))
        self.assertEqual(store.units()["memory_peak_bytes_per_cycle"], ("bytes/cycle", "derived"))
        for memory in ("ddr4-2400", "latency"):  # a DRAM's rests on the clock
            self.qsim.sweep(self.qsim.Space.from_text(f"memory.model = {memory}\n", models=[sweeps.MODEL]), store)
        self.assertEqual(store.units()["memory_peak_bytes_per_cycle"], ("bytes/cycle", "assumed"))
        self.assertEqual(set(store.pareto("cycles,pes").index), set(store.pareto_keys("cycles,pes")))
        self.assertEqual(len(self.qsim.Store(self.folder / "empty.db", "w").frame()), 0)

    def test_stubs_name_what_there_is(self):
        stub = ast.parse((ROOT / "sim/python/qsim/__init__.pyi").read_text())
        names = {"__version__"}
        for node in stub.body:
            if isinstance(node, (ast.ClassDef, ast.FunctionDef)):
                self.assertTrue(hasattr(self.qsim, node.name), node.name)
                names.add(node.name)
            if isinstance(node, ast.ClassDef):
                members = {item.name for item in node.body if isinstance(item, ast.FunctionDef)}
                real = getattr(self.qsim, node.name)
                self.assertEqual(members - set(dir(real)), set(), node.name)
                public = {name for name in dir(real) if not name.startswith("_")} - set(dir(Exception))
                self.assertEqual(public - members, set(), node.name)
        self.assertEqual(set(self.qsim.__all__), names)

    def test_the_page_is_true(self):
        missing = sweeps.python_missing("pandas")
        if missing:
            self.skipTest(missing)
        (self.folder / "models").symlink_to(ROOT / "models")
        before = os.getcwd()
        os.chdir(self.folder)
        try:
            failed, tried = doctest.testfile(str(ROOT / "docs/user/python.md"), module_relative=False,
                                             optionflags=doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE)
        finally:
            os.chdir(before)
        self.assertEqual(failed, 0)
        self.assertGreater(tried, 10)


if __name__ == "__main__":
    unittest.main()
