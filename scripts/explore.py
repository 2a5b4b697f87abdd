#!/usr/bin/env python3
"""Searches a space for its Pareto front with Optuna's NSGA-II, where a grid would be too large.

    .venv/bin/python scripts/explore.py space.cfg model.onnx -o results.db --objectives cycles,pes,accuracy \\
        --data images.npz --points 500 --seed 1

Every line of the space with more than one choice is a parameter of the search. Results go into the same store as those of
`qsim sweep`, and what it holds already is not evaluated again. The search is a function of space, objectives and seed: one
that was killed is started again with the same command, reads what it had evaluated, and goes on as if nothing had happened.
"""

import argparse
import concurrent.futures
import math
import os
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))


def parse_arguments(arguments):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("space")
    parser.add_argument("models", nargs="*", metavar="MODEL.onnx")
    parser.add_argument("-o", "--output", required=True, metavar="RESULTS.db")
    parser.add_argument("--objectives", default="cycles,pes", metavar="METRIC,...",
                        help="as of `qsim sweep --pareto` (default: cycles,pes)")
    parser.add_argument("--points", type=int, default=200, metavar="N", help="to try, repeated ones included")
    parser.add_argument("--population", type=int, default=24, metavar="N", help="of a generation (default: 24)")
    parser.add_argument("--seed", type=int, default=1, metavar="N", help="of the search and of the samples")
    parser.add_argument("--threads", type=int, default=os.cpu_count(), metavar="N")
    parser.add_argument("--data", metavar="FILE.npz", help="samples, for accuracies; as of `qsim sweep`")
    parser.add_argument("--calibrate", metavar="FILE.npz")
    parser.add_argument("--calibration-samples", type=int, metavar="N")
    parser.add_argument("--preprocess", metavar="FILE.json")
    parser.add_argument("--limit", type=int, metavar="N")
    parser.add_argument("--skip-float", action="store_true", default=None)
    parser.add_argument("--batch", type=int, metavar="N")
    parser.add_argument("--prices", metavar="FILE.cfg")
    options = parser.parse_args(arguments)
    for name in ("points", "population", "threads"):
        if getattr(options, name) < (2 if name == "population" else 1):
            parser.error(f"--{name} {getattr(options, name)} is too small")
    if not 0 <= options.seed < 2**32:
        parser.error(f"--seed {options.seed} is outside [0, 2^32 - 1]")
    return options


class Search:
    """Points by their choices, evaluated once, in the store and here."""

    def __init__(self, qsim, options):
        self.qsim, self.options = qsim, options
        self.space = qsim.Space(options.space, options.models)
        names = ("data", "calibrate", "calibration_samples", "preprocess", "limit", "seed", "batch", "skip_float", "prices")
        settings = {name: getattr(options, name) for name in names if getattr(options, name) is not None}
        self.evaluator = qsim.Evaluator(**settings)
        self.store = qsim.Store(options.output, "w")
        self.store.require_version(self.evaluator.describe(self.space.point(0)).version)
        self.store.use_samples(self.evaluator.samples_description)
        self.objectives = qsim.objectives(options.objectives, "--objectives")
        self.points = {row.key: row for row in self.store.points()}
        self.values = {row.key: row for row in self.store.values()}
        self.read, self.evaluated = len(self.points), 0

    def choices(self, trial):
        """The trial's choice on each axis."""
        picked = []
        for number, axis in enumerate(self.space.axes):
            count = len(axis.choices)
            picked.append(trial.suggest_int(f"{number}: {axis.name}", 0, count - 1) if count > 1 else 0)
        return picked

    def evaluate(self, points):
        """Evaluates what is missing, on all threads, and commits it."""
        about = {self.evaluator.describe(point).key: point for point in points}
        missing = [point for key, point in about.items() if key not in self.points]
        values = {}
        if self.evaluator.has_data:
            values = {self.evaluator.describe_values(point).key: point for point in about.values()}
        missing_values = [point for key, point in values.items() if key not in self.values]
        with concurrent.futures.ThreadPoolExecutor(self.options.threads) as pool:
            accuracies = pool.map(self.evaluator.evaluate_values, missing_values)
            results = list(pool.map(self.evaluator.evaluate, missing))
            accuracies = list(accuracies)
        self.store.add(results, accuracies)
        self.points.update((row.key, row) for row in results)
        self.values.update((row.key, row) for row in accuracies)
        self.evaluated += len(results)

    def figures(self, point):
        """The objectives' values, or None when the point lacks one."""
        row = self.points[self.evaluator.describe(point).key]
        metrics = {metric.name: metric.value for metric in row.metrics}
        accuracy = self.values.get(row.values_key)
        if accuracy and metrics:
            metrics.update((metric.name, metric.value) for metric in accuracy.metrics)
        figures = [metrics.get(objective.metric) for objective in self.objectives]
        return None if any(figure is None or math.isnan(figure) for figure in figures) else figures

    def require_objectives(self, points):
        """Raises qsim.Error when points have results but none in the whole file has the objectives: a search in the dark."""
        if any(not self.points[self.evaluator.describe(point).key].failure for point in points):
            self.store.pareto_keys(self.options.objectives)


def search(options, qsim):
    import optuna

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    work = Search(qsim, options)
    directions = ["maximize" if objective.is_greater_better else "minimize" for objective in work.objectives]
    sampler = optuna.samplers.NSGAIISampler(population_size=options.population, seed=options.seed)
    study = optuna.create_study(directions=directions, sampler=sampler)
    # A generation is asked for as a whole and told in order, so that threads do not change the search.
    for start in range(0, options.points, options.population):
        trials = [study.ask() for _ in range(min(options.population, options.points - start))]
        points = [work.space.point(work.choices(trial)) for trial in trials]
        work.evaluate(points)
        told = [work.figures(point) for point in points]
        if not any(told):
            work.require_objectives(points)
        for trial, figures in zip(trials, told):
            if figures is None:
                study.tell(trial, state=optuna.trial.TrialState.FAIL)
            else:
                study.tell(trial, figures)
        if sys.stderr.isatty():
            print(f"\r{start + len(trials)} of {options.points} tried\033[K", end="", file=sys.stderr, flush=True)
    print(f"{options.output}: {options.points} tried of {len(work.space)}, {work.evaluated} evaluated, "
          f"{work.read} points were there")
    print(work.store.pareto_text(options.objectives), end="")


def main(arguments=None):
    options = parse_arguments(arguments)
    from qsim_module import qsim

    try:
        search(options, qsim)
    except qsim.Error as error:
        print(f"explore.py: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
