"""qsim from Python: runs, compilations and sweeps without a subprocess. See docs/user/python.md."""

import json as _json
import os as _os

from . import _native
from ._native import (Accuracy, Axis, Error, Figure, Layer, Machine, Metric, Objective, Point, PointResult, Program,
                      Report, Space, ValuesResult, __version__, machines, objectives, pending)

__all__ = ["Accuracy", "Axis", "Error", "Evaluator", "Figure", "Layer", "Machine", "Metric", "Objective", "Point",
           "PointResult", "Program", "Report", "Space", "Store", "ValuesResult", "__version__", "compile", "machine",
           "machines", "objectives", "pending", "run", "sweep"]


def _settings(**given):
    """What is not None, paths and recipes as text."""
    settings = {}
    for name, value in given.items():
        if value is None:
            continue
        if name == "recipe" and isinstance(value, dict):
            value = _json.dumps(value)
        elif isinstance(value, _os.PathLike):
            value = _os.fspath(value)
        settings[name] = value
    return settings


def run(model, *, machine=None, overrides=None, recipe=None, calibrator=None, engine="analytic", data=None,
        calibrate=None, calibration_samples=None, preprocess=None, limit=None, seed=None, batch=None,
        input_shapes=None, save_outputs=None, threads=None, skip_float=None, prices=None):
    """`qsim run`: the report of one model on one machine (edge16 if not given)."""
    return _native.run(_settings(**locals()))


def compile(model, *, machine=None, overrides=None, recipe=None, calibrator=None, calibrate=None, preprocess=None,
            seed=None, batch=None, input_shapes=None):
    """`qsim compile`: the program of one model for one machine (edge16 if not given)."""
    return _native.compile(_settings(**locals()))


def machine(name="edge16", overrides=None):
    """A machine by its name or the path of its .cfg file, with keys over it."""
    return _native.machine(_settings(machine=name, overrides=overrides))


class Evaluator(_native._Evaluator):
    """Evaluates points of a space; imports a model once and quantizes it once for all machines."""

    def __init__(self, *, data=None, calibrate=None, calibration_samples=None, preprocess=None, limit=None, seed=None,
                 batch=None, input_shapes=None, skip_float=None, prices=None):
        super().__init__(_settings(data=data, calibrate=calibrate, calibration_samples=calibration_samples,
                                   preprocess=preprocess, limit=limit, seed=seed, batch=batch,
                                   input_shapes=input_shapes, skip_float=skip_float, prices=prices))


def sweep(space, store, evaluator=None, *, threads=None):
    """`qsim sweep`: evaluates what `store` lacks of `space` on all cores; returns how many points there were."""
    return _native._sweep(space, evaluator or Evaluator(), store, threads or _os.cpu_count() or 1)


class Store(_native._Store):
    """The results of sweeps, in one SQLite file. Mode "r" reads, "w" creates the file where it is missing."""

    def __init__(self, path, mode="r"):
        super().__init__(_os.fspath(path), mode)

    def frame(self):
        """One row a point: a pandas.DataFrame of its network, machine keys, metrics and accuracy, indexed by key."""
        import pandas

        accuracies = {row.key: row for row in self.values()}
        rows = []
        for point in self.points():
            row = {"key": point.key, "status": "failed" if point.failure else "done", "message": point.failure,
                   "model": point.model, "shapes": point.shapes, "recipe": point.recipe, "machine": point.machine,
                   "prices": point.prices, "command": point.command, **_keys_of(point.machine_text)}
            row.update((metric.name, metric.value) for metric in point.metrics)
            accuracy = accuracies.get(point.values_key)
            if accuracy is not None and not point.failure:
                row.update((metric.name, metric.value) for metric in accuracy.metrics)
            rows.append(row)
        columns = list(dict.fromkeys(name for row in rows for name in row)) or ["key"]
        return pandas.DataFrame(rows, columns=columns).set_index("key")

    def units(self):
        """{metric: (unit, origin)} of all metrics in the store; where points differ, the origin that promises least."""
        kinds = {(metric.name, metric.unit, metric.origin)
                 for row in [*self.points(), *self.values()] for metric in row.metrics}
        ranked = sorted(kinds, key=lambda kind: ("measured", "derived", "assumed").index(kind[2]))
        return {name: (unit, origin) for name, unit, origin in ranked}

    def pareto(self, metrics):
        """The rows of frame() that no other row beats in all of `metrics`: "cycles,accuracy"."""
        return self.frame().loc[self.pareto_keys(metrics)]


def _keys_of(machine_text):
    """The keys of a machine as an INI file, whole and real numbers as such."""
    keys, section = {}, ""
    for line in machine_text.splitlines():
        if line.startswith("["):
            section = line[1:-1] + "."
        elif " = " in line:
            key, value = line.split(" = ", 1)
            keys[section + key] = _number(value) if section + key not in _WORDS else value
    return keys


def _number(text):
    return float(text) if "." in text else int(text)


# People, messages and pickles know the classes by their public names.
for _name in __all__:
    if isinstance(globals()[_name], type):
        globals()[_name].__module__ = "qsim"

_WORDS = {key for key, value in _native.machine({}).keys.items() if isinstance(value, str)}
