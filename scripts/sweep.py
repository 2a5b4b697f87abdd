#!/usr/bin/env python3
"""qsim sweep on a Dask cluster: the same space, the same store.

    .venv/bin/python scripts/sweep.py space.cfg model.onnx -o results.db
    .venv/bin/python scripts/sweep.py space.cfg model.onnx -o results.db --scheduler tcp://head:8786

Without --scheduler, starts a LocalCluster of one process a core. Workers evaluate, this process alone writes: whatever
it has written stays when it is killed, and the next run goes on from there. A worker may die at any time: its points
go to another one. Model, data, recipes and prices must have the same paths on all machines, and results.db must lie on a disk of
the machine that this runs on, not on a network share. docs/user/sweeps.md has an example for Slurm.
"""

import argparse
import contextlib
import itertools
import pathlib
import pickle
import sys
import threading
import time
import uuid

SCRIPTS = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(SCRIPTS))

DEATHS_OF_A_TASK = 100  # workers that may die under a task before it counts as what kills them
BATCH_SECONDS = 0.5  # results are written together at most this long after they have come
LOST_AFTER_SECONDS = 2  # a local worker that has not come back is replaced
SWEEPS_AT_ONCE = 4  # that a worker keeps models and samples of
IN_FLIGHT = 4  # tasks a thread of the cluster has or waits for

def evaluate(settings, run, task):
    """Runs in a worker; `settings` are the evaluator's, `run` names the sweep: a worker that outlives one reads its files anew
    for the next. Takes pickled points and values to evaluate, and returns the results of both and what the samples are,
    pickled: a scheduler unpacks what it passes on, and need not know qsim."""
    if str(SCRIPTS) not in sys.path:
        sys.path.insert(0, str(SCRIPTS))
    from qsim_module import qsim

    evaluators = qsim.__dict__.setdefault("_of_this_worker", {})  # a function's own globals may be copies
    key = run, repr(sorted(settings.items()))
    if key not in evaluators:
        if len(evaluators) >= SWEEPS_AT_ONCE:
            evaluators.clear()
        evaluators[key] = qsim.Evaluator(**settings)
    evaluator = evaluators[key]
    points, values = pickle.loads(task)
    return pickle.dumps(([evaluator.evaluate(point) for point in points],
                         [evaluator.evaluate_values(point) for point in values], evaluator.samples_description))


def parse_arguments(arguments):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("space")
    parser.add_argument("models", nargs="*", metavar="MODEL.onnx")
    parser.add_argument("-o", "--output", required=True, metavar="RESULTS.db")
    parser.add_argument("--scheduler", metavar="ADDRESS", help="of a running cluster; a LocalCluster if not given")
    parser.add_argument("--workers", type=int, metavar="N", help="of the LocalCluster; one a core if not given")
    parser.add_argument("--chunk", type=int, default=8, metavar="N", help="points of a task (default: 8)")
    parser.add_argument("--data", metavar="FILE.npz", help="samples; as of `qsim sweep`, like all that follows")
    parser.add_argument("--calibrate", metavar="FILE.npz")
    parser.add_argument("--calibration-samples", type=int, metavar="N")
    parser.add_argument("--preprocess", metavar="FILE.json")
    parser.add_argument("--limit", type=int, metavar="N")
    parser.add_argument("--skip-float", action="store_true", default=None)
    parser.add_argument("--seed", type=int, metavar="N")
    parser.add_argument("--batch", type=int, metavar="N")
    parser.add_argument("--prices", metavar="FILE.cfg")
    parser.add_argument("--pareto", metavar="METRIC,...")
    options = parser.parse_args(arguments)
    for name in ("chunk", "workers"):
        value = getattr(options, name)
        if value is not None and value < 1:
            parser.error(f"--{name} {value} is less than 1")
    return options


def evaluator_settings(options):
    names = ("data", "calibrate", "calibration_samples", "preprocess", "limit", "seed", "batch", "skip_float", "prices")
    return {name: getattr(options, name) for name in names if getattr(options, name) is not None}


def tasks_of(points, values, chunk):
    """(points, values) of each task: accuracies alone, they take longest, then points in chunks."""
    for point in values:
        yield [], [point]
    for start in range(0, len(points), chunk):
        yield points[start:start + chunk], []


class Writer:
    """The store's one writer: gathers results and commits them together. `expected` are the keys that were asked for, and
    `samples` what accuracies are on: a worker with another build, model, table of prices, recipe or samples under the same
    path gives others."""

    def __init__(self, store, total, expected, samples):
        self.store, self.total, self.expected, self.samples = store, total, expected, samples
        self.points, self.values = [], []
        self.done = self.failed = 0
        self.start = self.last = time.monotonic()

    def take(self, points, values, samples):
        from qsim_module import qsim

        if samples != self.samples:
            raise qsim.Error(f"a worker has other samples ({samples}) than were asked for ({self.samples})")
        for row in [*points, *values]:
            if row.key not in self.expected:
                raise qsim.Error(f"a worker gave another key for {row.model} than was asked for: its build ({row.version}), "
                                 "model or prices are not those of this machine")
        self.points += points
        self.values += values
        if time.monotonic() - self.last >= BATCH_SECONDS:
            self.commit()

    def commit(self):
        self.store.add(self.points, self.values)
        self.done += len(self.points)
        self.failed += sum(1 for point in self.points if point.failure)
        self.points, self.values = [], []
        self.last = time.monotonic()
        rate = self.done / max(self.last - self.start, 1e-9)
        left = f", {(self.total - self.done) / rate:.0f} s left" if rate else ""
        if sys.stderr.isatty():
            print(f"\r{self.done} of {self.total} points, {self.failed} failed, {rate:.1f} points/s{left}\033[K", end="",
                  file=sys.stderr, flush=True)


def run_tasks(client, settings, tasks, writer):
    """Keeps the cluster busy, no more tasks in flight than it needs, until all results are written."""
    from distributed import as_completed

    tasks = iter(tasks)
    running = as_completed()
    in_flight = 0
    run = uuid.uuid4().hex

    def refill():  # workers come and go
        wanted = IN_FLIGHT * max(1, sum(client.nthreads().values())) - in_flight
        futures = [client.submit(evaluate, settings, run, pickle.dumps(task), pure=False)
                   for task in itertools.islice(tasks, max(0, wanted))]
        running.update(futures)
        return len(futures)

    in_flight += refill()
    for future in running:
        writer.take(*pickle.loads(future.result()))
        future.release()
        in_flight -= 1
        in_flight += refill()
    writer.commit()


class LocalWorkers:
    """Sees to it that a LocalCluster has its workers. A nanny whose worker dies while it starts gives up for good: it is
    replaced, or a cluster could lose all of them and wait for ever."""

    def __init__(self, cluster):
        self.cluster, self.count = cluster, len(cluster.workers)
        self.done = threading.Event()
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        while not self.done.wait(LOST_AFTER_SECONDS):
            self.cluster.scale(self.count)

    def stop(self):
        self.done.set()
        self.thread.join()


@contextlib.contextmanager
def cluster_of(options):
    """(client, LocalCluster or None)."""
    import dask
    from distributed import Client, LocalCluster

    dask.config.set({"distributed.scheduler.allowed-failures": DEATHS_OF_A_TASK,
                     "distributed.deploy.lost-worker-timeout": f"{LOST_AFTER_SECONDS} s"})
    if options.scheduler:
        from qsim_module import qsim

        try:
            client = Client(options.scheduler)
        except (OSError, ValueError) as error:  # nobody answers, or it is no address
            raise qsim.Error(f"--scheduler {options.scheduler}: {error}") from None
        with client:
            yield client, None
        return
    with LocalCluster(n_workers=options.workers, threads_per_worker=1, dashboard_address=None) as cluster:
        with Client(cluster) as client:
            workers = LocalWorkers(cluster)
            try:
                yield client, cluster
            finally:
                workers.stop()


def main(arguments=None, on_start=None):
    """`on_start(client, cluster)` is called before the first task: tests kill workers there."""
    options = parse_arguments(arguments)
    from qsim_module import qsim

    try:
        settings = evaluator_settings(options)
        evaluator = qsim.Evaluator(**settings)
        space = qsim.Space(options.space, options.models)
        store = qsim.Store(options.output, "w")
        store.use_samples(evaluator.samples_description)
        points, values = qsim.pending(space, evaluator, store)
        print(f"{options.output}: {len(space)} points, {len(points)} to evaluate, {len(values)} accuracies", flush=True)
        if points or values:
            with cluster_of(options) as (client, cluster):
                if on_start:
                    on_start(client, cluster)
                expected = {evaluator.describe(point).key for point in points}
                expected |= {evaluator.describe_values(point).key for point in values}
                writer = Writer(store, len(points), expected, evaluator.samples_description)
                run_tasks(client, settings, tasks_of(points, values, options.chunk), writer)
            seconds = writer.last - writer.start
            print(f"{options.output}: {writer.done} evaluated, {writer.failed} failed, {seconds:.1f} s, "
                  f"{writer.done / seconds:.1f} points/s")
        if options.pareto:
            print(store.pareto_text(options.pareto), end="")
    except qsim.Error as error:
        print(f"sweep.py: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
