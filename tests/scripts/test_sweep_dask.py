"""scripts/sweep.py on a LocalCluster whose workers are killed: the rows are those of `qsim sweep`.

QSIM_KILLS sets the number of kills (5 if not set), QSIM_KILL_SEED the seed of whom they hit.
"""

import contextlib
import io
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import threading
import time
import unittest

import numpy
import sweeps

KILLS = int(os.environ.get("QSIM_KILLS", 5))
SEED = int(os.environ.get("QSIM_KILL_SEED", 1))


class Killer:
    """Kills one worker process with tasks after the other, until told to stop."""

    def __init__(self, kills):
        self.wanted, self.kills = kills, 0
        self.chance = random.Random(SEED)
        self.done = threading.Event()
        self.thread = None

    def start(self, client, cluster):
        self.thread = threading.Thread(target=self.run, args=(cluster,), daemon=True)
        self.thread.start()

    def run(self, cluster):
        while self.kills < self.wanted and not self.done.wait(self.chance.uniform(0.05, 0.5)):
            pids = self.busy(cluster)
            if not pids:
                continue
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.chance.choice(pids), signal.SIGKILL)
                self.kills += 1

    @staticmethod
    def busy(cluster):
        """Processes of workers that have tasks."""
        states = dict(cluster.scheduler.workers)
        nannies = [nanny for nanny in list(cluster.workers.values()) if nanny.pid]
        return [nanny.pid for nanny in nannies
                if nanny.worker_address in states and states[nanny.worker_address].processing]

    def stop(self):
        self.done.set()
        if self.thread:
            self.thread.join()


class DaskTest(sweeps.SweepTest):
    def setUp(self):
        missing = sweeps.python_missing("distributed")
        if missing:
            self.skipTest(missing)
        super().setUp()

    def sweep(self, path, on_start=None, more=()):
        sweep = sweeps.script("sweep")
        arguments = [str(self.space), sweeps.MODEL, "-o", str(path), "--workers", "2", "--chunk", "2", *sweeps.DATA, *more]
        output = io.StringIO()
        with contextlib.redirect_stdout(output):
            self.assertEqual(sweep.main(arguments, on_start), 0)
        return output.getvalue()

    def test_rows_are_those_of_the_tool_though_workers_die(self):
        expected = self.undisturbed()
        kills = rounds = 0
        while kills < KILLS:
            path = self.folder / f"dask{rounds}.db"
            killer = Killer(KILLS - kills)
            try:
                self.sweep(path, killer.start)
            finally:
                killer.stop()
            self.assertEqual(sweeps.all_rows(path), expected)
            kills += killer.kills
            rounds += 1
        print(f"{kills} workers with tasks killed in {rounds} sweeps: all rows as undisturbed")
        again = self.sweep(path)
        self.assertIn("240 points, 0 to evaluate, 0 accuracies", again)

    def test_a_cluster_that_runs_already(self):
        expected = self.undisturbed()
        contact, path = self.folder / "scheduler.json", self.folder / "cluster.db"
        dask = [sys.executable, "-m", "dask"]
        for arguments in (["scheduler", "--host", "127.0.0.1", "--port", "0", "--dashboard-address", ":0"],
                          ["worker", "--nthreads", "2", "--no-dashboard", "--local-directory", str(self.folder)]):
            process = subprocess.Popen([*dask, *arguments, "--scheduler-file", str(contact)], cwd=self.folder,
                                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            self.addCleanup(process.wait)
            self.addCleanup(process.terminate)
            self.wait_for(contact)
        address = json.loads(contact.read_text())["address"]
        command = [sys.executable, str(sweeps.ROOT / "scripts" / "sweep.py"), str(self.space), sweeps.MODEL, "-o", str(path),
                   "--scheduler", address, "--pareto", "cycles,accuracy", *sweeps.DATA]
        done = subprocess.run(command, capture_output=True, text=True, timeout=240)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("240 evaluated, ", done.stdout)
        self.assertIn("Pareto front: ", done.stdout)
        self.assertEqual(sweeps.all_rows(path), expected)

    def wait_for(self, path):
        for _ in range(600):
            if path.exists() and path.stat().st_size:
                return
            time.sleep(0.1)
        self.fail(f"{path.name} was not written within a minute")

    def test_prices_of_ones_own(self):
        self.space.write_text("array = 4x4 8x8\n")
        prices, tool, path = sweeps.own_prices(self.folder), self.folder / "tool.db", self.folder / "dask.db"
        subprocess.run([*self.command(tool), "--prices", str(prices)], check=True, capture_output=True)
        self.sweep(path, more=["--prices", str(prices)])
        self.assertEqual(sweeps.all_rows(path), sweeps.all_rows(tool))
        self.assertEqual(sweeps.query(path, "SELECT count(*) FROM points WHERE prices LIKE 'ours %'"), [(2,)])

    def test_workers_with_another_table_of_prices_are_found_out(self):
        self.space.write_text("array = 4x4 8x8\n")
        prices, path = sweeps.own_prices(self.folder), self.folder / "r.db"
        errors = io.StringIO()
        arguments = [str(self.space), sweeps.MODEL, "-o", str(path), "--workers", "1", "--prices", str(prices)]
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(errors):
            code = sweeps.script("sweep").main(arguments, lambda *_: sweeps.own_prices(self.folder, byte_pj=90))
        self.assertEqual(code, 1)
        self.assertIn("sweep.py: a worker gave another key for ", errors.getvalue())
        self.assertEqual(sweeps.query(path, "SELECT * FROM points"), [])

    def test_workers_with_other_samples_are_found_out(self):
        self.space.write_text("array = 4x4 8x8\n")
        data, path, errors = self.folder / "data.npz", self.folder / "r.db", io.StringIO()
        samples = dict(numpy.load(sweeps.DATA[1]))
        numpy.savez(data, **samples)
        samples["y"] = (samples["y"] + 1) % 10
        arguments = [str(self.space), sweeps.MODEL, "-o", str(path), "--workers", "1", "--data", str(data)]
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(errors):
            code = sweeps.script("sweep").main(arguments, lambda *_: numpy.savez(data, **samples))
        self.assertEqual(code, 1)
        self.assertIn("sweep.py: a worker has other samples (", errors.getvalue())
        self.assertEqual(sweeps.query(path, "SELECT * FROM accuracies"), [])

    def test_a_worker_that_outlives_a_sweep_reads_files_anew(self):
        import distributed

        self.space.write_text("array = 4x4 8x8\n")
        model, path = self.folder / "net.onnx", self.folder / "r.db"
        with distributed.LocalCluster(n_workers=1, threads_per_worker=1, dashboard_address=None) as cluster:
            for name in ("digits_float", "digits_qdq"):
                shutil.copy(sweeps.ROOT / "models" / f"{name}.onnx", model)
                command = [sys.executable, str(sweeps.ROOT / "scripts" / "sweep.py"), str(self.space), str(model), "-o", str(path),
                           "--scheduler", cluster.scheduler_address]
                done = subprocess.run(command, capture_output=True, text=True, timeout=120)
                self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(len(sweeps.query(path, "SELECT * FROM points")), 4)

    def test_errors_are_one_line(self):
        sweep = sweeps.script("sweep")
        errors = io.StringIO()
        with contextlib.redirect_stderr(errors), contextlib.suppress(SystemExit):
            sweep.main([str(self.space), sweeps.MODEL, "-o", str(self.folder / "r.db"), "--workers", "0"])
        self.assertIn("--workers 0 is less than 1", errors.getvalue())
        errors = io.StringIO()
        with contextlib.redirect_stderr(errors):
            self.assertEqual(sweep.main(["missing.cfg", sweeps.MODEL, "-o", str(self.folder / "r.db")]), 1)
        self.assertEqual(errors.getvalue(), "sweep.py: missing.cfg: cannot be read\n")

    def test_a_scheduler_that_is_no_address_is_named(self):
        # In a process of its own: a client without a scheduler waits for locks whenever it is collected, at times for ever.
        command = [sys.executable, str(sweeps.ROOT / "scripts" / "sweep.py"), str(self.space), sweeps.MODEL,
                   "-o", str(self.folder / "r.db"), "--scheduler", "nonsense"]
        run = subprocess.run(command, capture_output=True, text=True, timeout=120)
        self.assertEqual(run.returncode, 1)
        self.assertIn("sweep.py: --scheduler nonsense: missing port number", run.stderr)


if __name__ == "__main__":
    unittest.main()
