"""qsim sweep, killed with SIGKILL at random moments: what was committed stays, is not computed again, and the end is the same.

QSIM_KILLS sets the number of kills (8 if not set); QSIM_KILL_SEED the seed of their moments (1).
"""

import os
import random
import re
import subprocess
import time
import unittest

import sweeps

KILLS = int(os.environ.get("QSIM_KILLS", 8))
SEED = int(os.environ.get("QSIM_KILL_SEED", 1))


class KillTest(sweeps.SweepTest):
    def kill_once(self, command, seconds):
        """Whether the sweep was still running when it was killed, and what it had printed."""
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            try:
                output, _ = process.communicate(timeout=seconds)
            except subprocess.TimeoutExpired:
                process.kill()
                output, _ = process.communicate()
            self.assertIn(process.returncode, (0, -9))
            return process.returncode == -9, output

    def sweep_with_kills(self, path, chance, longest, kills_left):
        """Runs until the sweep is done; the number of kills. Kills later and later, so that it ends."""
        kills, committed = 0, set()
        while True:
            killed, output = self.kill_once(self.command(path), chance.uniform(0, longest))
            before, committed = committed, sweeps.keys(path)
            # Numbers of rows included: no row was lost, and none was written again.
            self.assertLessEqual(before, committed)
            if not killed:
                there = int(re.search(r"(\d+) were there", output).group(1))
                self.assertEqual(there, sum(1 for _, key in before if key in self.point_keys))
                return kills
            kills += 1
            self.amid += 0 < len(committed) < 246
            if kills >= kills_left:
                longest = 1e6
            elif committed == before:
                longest *= 1.1

    def test_kills_at_random_moments_change_nothing(self):
        start = time.monotonic()
        expected = self.undisturbed()
        longest = time.monotonic() - start
        self.point_keys = {row[0] for row in expected["points"]}
        self.assertEqual(len(expected["points"]), 240)
        self.assertEqual(len(expected["accuracies"]), 6)
        self.assertTrue(any(row[-2] == "failed" for row in expected["points"]))
        chance = random.Random(SEED)
        kills = rounds = self.amid = 0
        while kills < KILLS:
            path = self.folder / f"killed{rounds}.db"
            kills += self.sweep_with_kills(path, chance, longest, KILLS - kills)
            self.assertEqual(sweeps.all_rows(path), expected)
            rounds += 1
        print(f"{kills} kills, {self.amid} of them with some rows committed, in {rounds} sweeps of "
              f"{len(expected['points'])} points: all rows as undisturbed")


if __name__ == "__main__":
    unittest.main()
