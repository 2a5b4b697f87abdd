"""What the tests of sweeps share: a space, the tool, and all rows of a store by their content."""

import contextlib
import importlib.util
import os
import pathlib
import sqlite3
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
QSIM = pathlib.Path(os.environ.get("QSIM") or ROOT / "build/release/sim/cli/qsim")
PYTHON = pathlib.Path(os.environ.get("QSIM_PYTHON") or ROOT / "build/release/python")
MODEL = str(ROOT / "models" / "digits_float.onnx")
DATA = ["--data", str(ROOT / "models" / "digits_test.npz"), "--limit", "100"]

# 240 points, some of which fail, with 6 accuracies.
SPACE = """
array = 4x4 8x8 16x16 200x8
bits = 8/8 4/8 4/4
vector.requant = rne pot
[memory]
bytes_per_cycle = 2 4 8 12 16
[buffers]
act_kib = 1 64
"""

POINTS = """SELECT points.key, points.version, model, model_sha256, shapes, recipe, name, text, keys, prices, values_key, command,
            status, message FROM points JOIN networks ON networks.id = network JOIN machines ON machines.id = machine"""
ACCURACIES = """SELECT accuracies.key, accuracies.version, model, model_sha256, shapes, recipe, requant, status, message
                FROM accuracies JOIN networks ON networks.id = network"""
RESULTS = "SELECT key, model, recipe, machine, machine_keys, metric, value, unit, origin FROM results"


def own_prices(folder, byte_pj=100):
    """A table of prices in which a byte of DRAM costs something else than in the one that it is a copy of."""
    path = pathlib.Path(folder) / "ours.cfg"
    text = (ROOT / "hw" / "prices" / "28nm.cfg").read_text().replace("name = 28nm", "name = ours")
    path.write_text(text.replace("byte = 64 pJ", f"byte = {byte_pj} pJ"))
    return path


def query(path, sql):
    connection = sqlite3.connect(path)
    try:
        return connection.execute(sql).fetchall()
    finally:
        connection.close()


def all_rows(path):
    """Everything that a sweep has stored, without the numbers of rows, sorted."""
    return {name: sorted(query(path, sql)) for name, sql in
            (("points", POINTS), ("accuracies", ACCURACIES), ("results", RESULTS))}


def of_another_build(path):
    """Makes the store one that another build has written."""
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.execute("UPDATE points SET version = '0.0.1+0000000000000000'")
        connection.commit()


def keys(path):
    """Keys of points and accuracies that are committed, with the numbers of their rows; none where a kill left no table."""
    if not path.exists() or not query(path, "SELECT * FROM sqlite_schema"):
        return set()
    return set(query(path, "SELECT id, key FROM points UNION ALL SELECT id, key FROM accuracies"))


def python_missing(*packages):
    """Why the Python module cannot be tested here, or None."""
    if not list(PYTHON.glob("qsim/_native*.so")):
        return f"no Python module in {PYTHON} (it needs pybind11-dev and python3-dev; or set QSIM_PYTHON)"
    for package in packages:
        if importlib.util.find_spec(package) is None:
            return f"the Python package {package} is missing (scripts/setup.sh --explore, then .venv/bin/python)"
    return None


class SweepTest(unittest.TestCase):
    def setUp(self):
        if not os.access(QSIM, os.X_OK):
            self.skipTest("no qsim binary (scripts/test.sh builds it; or set QSIM)")
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.space = self.folder / "space.cfg"
        self.space.write_text(SPACE)

    def command(self, output):
        return [str(QSIM), "sweep", str(self.space), MODEL, "-o", str(output), *DATA]

    def undisturbed(self):
        """The rows of a sweep that nobody disturbs."""
        path = self.folder / "undisturbed.db"
        subprocess.run(self.command(path), check=True, capture_output=True)
        return all_rows(path)


def script(name):
    """A script of scripts/ as a module."""
    sys.path.insert(0, str(ROOT / "scripts"))
    try:
        return importlib.import_module(name)
    finally:
        sys.path.pop(0)
