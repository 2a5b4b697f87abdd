"""scripts/plot.py: what stands in its pictures, read from the SVG: labels, marks, and that equal input gives equal bytes."""

import contextlib
import importlib.util
import io
import json
import sqlite3
import subprocess
import unittest
import xml.etree.ElementTree

import sweeps

SVG = "{http://www.w3.org/2000/svg}"
QDQ = str(sweeps.ROOT / "models" / "digits_qdq.onnx")


class Picture:
    """An SVG: its texts, and how many marks each group has."""

    def __init__(self, path):
        root = xml.etree.ElementTree.parse(path).getroot()
        self.texts = {"".join(text.itertext()).strip() for text in root.iter(SVG + "text")}
        self.groups = {group.get("id"): group for group in root.iter(SVG + "g") if group.get("id")}
        self.inches = float(root.get("width").removesuffix("pt")) / 72

    def names(self, opening):
        return {name.removeprefix(opening) for name in self.groups if name.startswith(opening)}

    def marks(self, group):
        return len(list(self.groups[group].iter(SVG + "use")))


class PlotTest(sweeps.SweepTest):
    def setUp(self):
        super().setUp()
        if importlib.util.find_spec("matplotlib") is None:
            self.skipTest("the Python package matplotlib is missing (scripts/setup.sh --explore, then .venv/bin/python)")

    def run_of(self, name, *options):
        path = self.folder / name
        subprocess.run([str(sweeps.QSIM), "run", QDQ, "--json", str(path), *options], check=True, capture_output=True)
        return path

    def plot(self, *arguments):
        """(exit code, what it printed, its error)"""
        output, error = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(output), contextlib.redirect_stderr(error):
            code = sweeps.script("plot").main([str(argument) for argument in arguments])
        return code, output.getvalue(), error.getvalue()

    def picture(self, *arguments):
        path = self.folder / "picture.svg"
        code, _, error = self.plot(*arguments, "-o", path)
        self.assertEqual((code, error), (0, ""))
        return Picture(path)

    def problem(self, *arguments):
        code, output, error = self.plot(*arguments)
        self.assertEqual((code, output), (1, ""))
        self.assertEqual(error.count("\n"), 1)
        return error

    def test_account_has_a_bar_for_each_layer_and_state(self):
        path = self.run_of("run.json", "--arch", "edge8")
        run = json.loads(path.read_text())
        picture = self.picture("account", path)
        wanted = {f"{layer['name']} {state.removesuffix('_pe_cycles').replace('_', ' ')}"
                  for layer in run["layers"] for state in run["columns"]
                  if state.endswith("_pe_cycles") and any(other[state] for other in run["layers"])}
        self.assertEqual(picture.names("bar "), wanted)
        self.assertLessEqual({"cycles", "useful", "fill drain", "host", "fc_Gemm", "\u2026_pool_GlobalAveragePool"}, picture.texts)
        self.assertAlmostEqual(picture.inches, 3.5, places=2)

    def test_bars_are_as_long_as_their_cycles(self):
        path = self.run_of("run.json", "--arch", "edge8")
        layers = {layer["name"]: layer for layer in json.loads(path.read_text())["layers"]}
        picture = self.picture("account", path)

        def width(name):
            numbers = [word for word in picture.groups[f"bar {name}"][0].get("d").split() if word not in "MLz"]
            across = [float(number) for number in numbers[::2]]
            return max(across) - min(across)

        ratio = width("res_a_conv_Conv useful") / width("pool_MaxPool vector")
        wanted = layers["res_a_conv_Conv"]["useful_pe_cycles"] / layers["pool_MaxPool"]["vector_pe_cycles"]
        self.assertAlmostEqual(ratio, wanted, delta=0.01 * wanted)

    def test_shares_end_at_100(self):
        picture = self.picture("account", self.run_of("run.json"), "--share", "--width", "page", "--title", "Digits", "--font-size", "9")
        self.assertLessEqual({"share of PE-cycles (%)", "100", "Digits"}, picture.texts)
        self.assertAlmostEqual(picture.inches, 7.16, places=2)

    def test_roofline_has_a_point_for_each_layer_with_macs(self):
        runs = [self.run_of("a.json", "--arch", "edge8"),
                self.run_of("b.json", "--memory.model", "ddr4-2400", "--memory.channel_bits", "16", "--clock.mhz", "800")]
        picture = self.picture("roofline", *runs, "--name-layers")
        names = {layer["name"] for layer in json.loads(runs[0].read_text())["layers"] if layer["macs"]}
        for place in ("1", "2"):
            self.assertEqual(picture.names(f"layer {place} "), names)
            self.assertIn(f"roof {place}", picture.groups)
        # 64 and 256 PEs; 2400 million transfers of 2 bytes a second, 800 million cycles.
        self.assertLessEqual({"digits_qdq on edge8: 64 MACs, 8 bytes a cycle", "digits_qdq on edge16+: 256 MACs, 6 bytes a cycle",
                              "MACs per byte of memory traffic", "MACs per cycle", "fc_Gemm"}, picture.texts)

    def test_pareto_marks_the_front(self):
        missing = sweeps.python_missing()
        if missing:
            self.skipTest(missing)
        path = self.folder / "results.db"
        subprocess.run(self.command(path), check=True, capture_output=True)
        qsim = sweeps.script("qsim_module").qsim
        store = qsim.Store(path)
        values = {row.key: {metric.name: metric.value for metric in row.metrics} for row in store.values()}
        rows = {}
        for point in store.points():
            if not point.failure:
                metrics = {metric.name: metric.value for metric in point.metrics} | values[point.values_key]
                rows[point.key] = (metrics["cycles"], metrics["pes"], metrics["top1"])
        for objectives, axes in (("cycles,pes", {"cycles", "pes"}), ("cycles,pes,accuracy", {"cycles", "pes", "top1 (share)"})):
            with self.subTest(objectives):
                many = len(objectives.split(","))
                front = {rows[key][:many] for key in store.pareto_keys(objectives)}
                picture = self.picture("pareto", path, "--objectives", objectives)
                self.assertEqual(picture.marks("front"), len(front))
                self.assertEqual(picture.marks("others"), len({row[:many] for row in rows.values()} - front))
                self.assertLessEqual(axes | {"Pareto front", "other points"}, picture.texts)
                self.assertEqual("front line" in picture.groups, many == 2)
        self.infinite_values(path)
        self.assertIn("nonsense", self.problem("pareto", path, "--objectives", "nonsense,cycles", "-o", self.folder / "a.svg"))
        self.assertIn("two or three", self.problem("pareto", path, "--objectives", "cycles", "-o", self.folder / "a.svg"))
        self.assertIn("--objectives", self.problem("pareto", path, "-o", self.folder / "a.svg"))
        self.assertIn("no.db", self.problem("pareto", self.folder / "no.db", "--objectives", "cycles,pes", "-o", self.folder / "a.svg"))

    def infinite_values(self, path):
        """Points without a number do not count; those with an infinite one are counted, and said to be left out."""
        sqnr = "UPDATE accuracy_values SET value = {} WHERE metric = (SELECT id FROM metrics WHERE name = 'output_sqnr_db') AND owner {}"
        wide = "IN (SELECT accuracies.id FROM accuracies JOIN networks ON networks.id = network WHERE recipe = '{\"activations\":8,\"weights\":8}')"
        arguments = ["pareto", path, "--objectives", "cycles,output_sqnr_db", "-o", self.folder / "b.svg"]
        with contextlib.closing(sqlite3.connect(path)) as store:
            store.execute(sqnr.format("NULL", wide))
            store.commit()
            everyone, some = (int(self.plot(*arguments[:3], names, *arguments[4:])[1].split(" of ")[1].split()[0])
                              for names in ("cycles,pes", "cycles,output_sqnr_db"))
            self.assertLess(some, everyone)
            store.execute(sqnr.format("9e999", wide))
            store.commit()
            self.assertIn("every point on the front has an infinite value", self.problem(*arguments))
            store.execute(sqnr.format("-9e999", wide))
            store.commit()
            self.assertIn(f"; {everyone - some} with an infinite value are not drawn", self.plot(*arguments)[1])

    def test_equal_input_gives_equal_bytes(self):
        path = self.run_of("run.json")
        for suffix in ("svg", "pdf", "png"):
            with self.subTest(suffix):
                pictures = []
                for name in ("a", "b"):
                    picture = self.folder / f"{name}.{suffix}"
                    self.assertEqual(self.plot("account", path, "-o", picture)[0], 0)
                    pictures.append(picture.read_bytes())
                self.assertEqual(*pictures)
                self.assertNotIn(b"Date>", pictures[0])
                self.assertNotIn(b"CreationDate", pictures[0])

    def test_what_is_wrong_is_said_in_a_line(self):
        run, out = self.run_of("run.json"), self.folder / "out.svg"
        values = self.run_of("values.json", "--engine", "reference", *sweeps.DATA)
        text = self.folder / "text.json"
        text.write_text("[]")
        for arguments, words in (
                (("account", run, "-o", self.folder / "out.gif"), "ends neither in .pdf, .svg nor .png"),
                (("account", run, "-o", self.folder / "no" / "out.svg"), "cannot be written"),
                (("account", run, "-o", out, "--font", "No Such Font"), "no such font"),
                (("account", run, "-o", out, "--font-size", "3"), "outside [4, 40]"),
                (("account", run, run, "-o", out), "one run, not 2"),
                (("pareto", run, run, "-o", out), "one sweep, not 2"),
                (("roofline", *[run] * 9, "-o", out), "at most 8 runs, not 9"),
                (("account", self.folder / "missing.json", "-o", out), "missing.json: not a run"),
                (("account", sweeps.MODEL, "-o", out), "not a run"),
                (("account", text, "-o", out), "it lacks layers"),
                (("account", values, "-o", out), "the run has no cycles")):
            with self.subTest(words):
                self.assertIn(words, self.problem(*arguments))
        with self.assertRaises(SystemExit), contextlib.redirect_stderr(io.StringIO()) as error:
            sweeps.script("plot").main(["account", str(run), "-o", str(out), "--width", "0.5"])
        self.assertIn("neither column, page nor inches", error.getvalue())


if __name__ == "__main__":
    unittest.main()
