"""The benches of tests/rtl as judges of a mutant: those whose Verilated modules contain the changed one, the smallest first; lint."""

import os
import re
import shutil
import subprocess
import sys

from mutants import RTL

sys.path.insert(0, str(RTL.parents[1] / "tests" / "rtl"))
from rtl_machines import parameters  # noqa: E402

ROOT = RTL.parents[1]
BENCH_FOLDER = ROOT / "tests" / "rtl"
LIMIT_SECONDS = 3600  # the first bench builds what all need
INSTANCE = re.compile(r"^\s*(qsim_\w+)\s+(?:#\(|u_\w+\s*\()|\b(qsim_\w+_pkg)::", re.MULTILINE)


def contents():
    """Module -> all modules in it, itself included, and packages of functions."""
    direct = {
        path.stem: {module or package for module, package in INSTANCE.findall(path.read_text())} for path in RTL.glob("*.sv")
    }

    def reach(module, seen):
        for child in direct.get(module, set()) - seen:
            seen.add(child)
            reach(child, seen)
        return seen

    return {module: reach(module, {module}) for module in direct}


def benches_of(module):
    """Names of the benches that contain it, those with the fewest modules first."""
    inside = contents()
    found = []
    for path in BENCH_FOLDER.glob("*_test.cpp"):
        tops = re.findall(r"^// rtl: \w+ (\w+)", path.read_text(), re.MULTILINE)
        modules = set().union(*(inside.get(top, set()) for top in tops)) if tops else set()
        if module in modules:
            found.append((len(modules), path.stem.removesuffix("_test")))
    return [name for _, name in sorted(found)]


class Benches:
    """A build folder of its own, whose benches read the sources of a folder that changes. It stays for the next run."""

    def __init__(self, folder, base):
        self.build, self.sources, self.base = folder, folder / "rtl-sources", base
        shutil.rmtree(self.sources, ignore_errors=True)
        shutil.copytree(base, self.sources, copy_function=shutil.copy)  # newer than what a run has left half done
        command = ["cmake", "-S", ROOT, "-B", self.build, "-G", "Ninja", f"-DQSIM_RTL_DIR={self.sources}"]
        command += ["-DQSIM_RTL_WARNINGS=-Wno-lint;-Wno-style"]
        subprocess.run(list(map(str, command)), check=True, stdout=subprocess.DEVNULL)

    def fails(self, bench):
        """What the bench says about the sources as they are, or None when it passes."""
        target = f"test_rtl_{bench}"
        try:
            built = subprocess.run(
                ["ninja", "-C", str(self.build), "-j2", target], capture_output=True, text=True, timeout=LIMIT_SECONDS
            )
            if built.returncode != 0:
                return "does not compile"
            run = subprocess.run(
                [str(self.build / "tests" / "rtl" / target), "--gtest_brief=1"],
                capture_output=True,
                text=True,
                timeout=LIMIT_SECONDS,
                env=dict(os.environ, GTEST_COLOR="no"),
            )
        except subprocess.TimeoutExpired:
            return "no end"
        if run.returncode == 0:
            return None
        failed = re.findall(r"^\[  FAILED  \] (\S+?),? ", run.stdout, re.MULTILINE)
        return failed[0] if failed else "crash"

    def lint(self, mutant):
        """What tests/rtl/test_lint.py or test_synthesis.py would find first, or None."""
        (self.sources / mutant.file).write_text(mutant.text)
        try:
            return self.warning(mutant.file.removesuffix(".sv")) or self.refusal()
        finally:
            shutil.copy(self.base / mutant.file, self.sources / mutant.file)

    def warning(self, module):
        """Of Verilator, about the machine or the module alone."""
        waivers = sorted((ROOT / "hw" / "lint").glob("*.vlt"))
        for top in ("qsim_top", module):
            sources = [*sorted(self.sources.glob("*_pkg.sv")), self.sources / f"{top}.sv"]
            command = ["verilator", "--lint-only", "-Wall", "--top-module", top, "-y", self.sources, *waivers, *sources]
            said = subprocess.run(list(map(str, command)), capture_output=True, text=True).stderr
            if said:
                return said.splitlines()[0].replace(f"{self.sources}/", "")
        return None

    def refusal(self):
        """Of yosys, on two small machines."""
        for machine in ("ws 2x3", "os 4x4"):
            command = [ROOT / "scripts" / "synthesize.py", "--rtl", self.sources, *parameters(machine)]
            run = subprocess.run(list(map(str, command)), capture_output=True, text=True)
            if run.returncode != 0:
                errors = [line for line in run.stderr.splitlines() if "ERROR" in line]
                return f"yosys, {machine}: {(errors or run.stderr.splitlines())[0]}"
        return None

    def judge(self, mutants, results):
        """The second look at what the whole machine let pass."""
        by_name = {mutant.name: mutant for mutant in mutants}
        sound = set()

        def proves(bench, mutant):
            """What the bench says about the mutant. One that the sources fail as they are proves nothing, and ends the run."""
            if bench not in sound:
                if failed := self.fails(bench):
                    raise RuntimeError(f"the RTL does not pass test_rtl_{bench} as it is: {failed}")
                sound.add(bench)
            (self.sources / mutant.file).write_text(mutant.text)
            try:
                return self.fails(bench)
            finally:
                shutil.copy(self.base / mutant.file, self.sources / mutant.file)

        for row in [r for r in results.rows if r["stage"] == "survived" and r["name"] in by_name]:
            mutant = by_name[row["name"]]
            module = mutant.file.removesuffix(".sv")
            for bench in benches_of(module):
                if noticed := proves(bench, mutant):
                    results.add(dict(row, stage="bench", noticed=f"test_rtl_{bench}: {noticed}"))
                    break
            else:
                if warning := self.lint(mutant):
                    results.add(dict(row, stage="lint", noticed=warning))
