"""A real, tiny training through the command line, and what the command line refuses."""

import json
import re

from support import MISSING, MODELS, QatTest, run_command

if not MISSING:
    import numpy as np

DIGITS = MODELS / "digits_float.onnx"
TEST = MODELS / "digits_test.npz"


class TrainingTest(QatTest):
    def setUp(self):
        super().setUp()
        if not MISSING:
            code, _, error = run_command("split", TEST, "--score", 250, "--seed", 1, "-o", self.temporary)
            self.assertEqual(code, 0, error)

    def recipe(self, **keys):
        (self.temporary / "recipe.json").write_text(json.dumps(keys))
        return self.temporary / "recipe.json"

    def train(self, *words, model=DIGITS, name="trained.onnx"):
        return run_command("train", model, "--data", self.temporary / "training.npz", "-o", self.temporary / name, *words)

    def accuracy(self, model, *words):
        self.qsim("run", model, "--data", self.temporary / "scored.npz", "--json", self.temporary / "report.json", *words)
        return 100 * json.loads((self.temporary / "report.json").read_text())["accuracy"]["top1"]

    def test_split_is_disjoint(self):
        parts = [np.load(self.temporary / f"{name}.npz") for name in ("scored", "training")]
        index = np.concatenate([part["index"] for part in parts])
        self.assertEqual(sorted(index), list(range(500)))
        np.testing.assert_array_equal(parts[0]["x"], np.load(TEST)["x"][parts[0]["index"]])

    def test_training_wins_back_accuracy(self):
        recipe = self.recipe(weights=2, activations=2)
        before = self.accuracy(DIGITS, "--recipe", recipe, "--calibrate", self.temporary / "training.npz")
        code, out, error = self.train("--recipe", recipe, "--epochs", 12)
        self.assertEqual(code, 0, error)
        losses = [float(loss) for loss in re.findall(r"loss ([\d.]+)", out)]
        after = self.accuracy(self.temporary / "trained.onnx")
        print(f"qat: digits W2A2: {before:.1f} % before, {after:.1f} % after training, loss {losses[0]} to {losses[-1]}",
              flush=True)
        self.assertLess(losses[-1], losses[0] / 2)
        self.assertGreater(after, before + 10)

    def test_same_seed_same_file(self):
        for name, seed in (("a", 3), ("b", 3), ("c", 4)):
            self.assertEqual(self.train("--epochs", 1, "--seed", seed, name=name)[0], 0)
        a, b, c = ((self.temporary / name).read_bytes() for name in "abc")
        self.assertEqual(a, b)
        self.assertNotEqual(a, c)

    def test_fixed_steps_stay(self):
        import onnx
        from onnx import numpy_helper

        def scales(name):
            model = onnx.load(str(self.temporary / name))
            return {t.name: numpy_helper.to_array(t) for t in model.graph.initializer if t.name.endswith(":scale")}

        for epochs in (0, 1):
            self.assertEqual(self.train("--epochs", epochs, "--method", "ste", name=f"ste{epochs}")[0], 0)
        self.assertEqual(self.train("--epochs", 1, "--method", "lsq", name="lsq")[0], 0)
        self.assertEqual(scales("ste0"), scales("ste1"))
        self.assertNotEqual(scales("ste0"), scales("lsq"))

    def test_labels_and_augmentation(self):
        for name, *words in (("plain",), ("labels", "--distillation", 0), ("shift", "--shift", 1), ("flip", "--flip")):
            code, out, error = self.train("--epochs", 1, *words, name=name)
            self.assertEqual(code, 0, error)
            self.assertIn("250 samples train, 0 of them without labels", out)
        plain = (self.temporary / "plain").read_bytes()
        for name in ("labels", "shift", "flip"):
            self.assertNotEqual((self.temporary / name).read_bytes(), plain, f"{name} changes nothing")

    def refused(self, expected, *words, **options):
        code, _, error = self.train(*words, **options)
        self.assertEqual(code, 1)
        self.assertIn(expected, error)

    def test_bad_recipes(self):
        self.refused("weights = 9 is not a whole number in [2, 8]", "--recipe", self.recipe(weights=9))
        self.refused("layers.a: activations = 1 is not", "--recipe", self.recipe(layers={"a": {"activations": 1}}))
        self.refused("recipe: no layer nothing; there are /Add,", "--recipe", self.recipe(layers={"nothing": {"weights": 4}}))
        self.refused("recipe.json: weigths: is none of weights,", "--recipe", self.recipe(weigths=4))
        self.refused("first: bits: is none of", "--recipe", self.recipe(first={"bits": 4}))
        self.refused("layers: is not an object", "--recipe", self.recipe(layers=[]))
        (self.temporary / "recipe.json").write_text("[1]")
        self.refused("recipe.json: is not an object", "--recipe", self.temporary / "recipe.json")
        (self.temporary / "recipe.json").write_text("{")
        self.refused("recipe.json: not a recipe", "--recipe", self.temporary / "recipe.json")

    def test_bad_samples(self):
        x = np.load(TEST)["x"]
        np.savez(self.temporary / "none.npz", x=x[:40])
        self.refused("40 samples have no label", "--unlabelled", self.temporary / "none.npz", "--distillation", 0)
        np.savez(self.temporary / "small.npz", x=x[:, :, :4])
        self.refused("samples have shape [1, 4, 8], the network wants [1, 8, 8]", "--unlabelled", self.temporary / "small.npz")
        self.refused("missing.npz: not an .npz with an array x", "--unlabelled", self.temporary / "missing.npz")
        (self.temporary / "small.json").write_text('{"resize": [8, 8]}')
        self.refused("small.json: resize: training supports", "--unlabelled", self.temporary / "small.npz")
        (self.temporary / "small.json").write_text("{")
        self.refused("small.json: not a description", "--unlabelled", self.temporary / "small.npz")

    def test_bad_split(self):
        code, _, error = run_command("split", TEST, "--score", 500, "-o", self.temporary / "s")
        self.assertEqual((code, "--score 500 is outside [1, 499]" in error), (1, True))
        np.savez(self.temporary / "bare.npz", x=np.load(TEST)["x"])
        code, _, error = run_command("split", self.temporary / "bare.npz", "--score", 5, "-o", self.temporary / "s")
        self.assertEqual((code, "bare.npz: has no labels y" in error), (1, True))

    def test_bad_output_file(self):
        self.refused("cannot be written", "--epochs", 0, name="no/such/folder.onnx")


if __name__ == "__main__":
    import unittest

    unittest.main()
