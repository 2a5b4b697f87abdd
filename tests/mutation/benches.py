"""The benches of tests/rtl as judges of a mutant: those whose Verilated modules contain the changed one, the smallest first; lint."""

import os
import re
import shutil
import subprocess

from mutants import RTL

ROOT = RTL.parents[1]
BENCH_FOLDER = ROOT / "tests" / "rtl"
LIMIT_SECONDS = 900
INSTANCE = re.compile(r"^\s*(qsim_\w+)\s+(?:#\(|u_\w+\s*\()", re.MULTILINE)


def contents():
    """Module -> all modules in it, itself included."""
    direct = {path.stem: set(INSTANCE.findall(path.read_text())) for path in RTL.glob("*.sv")}

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
    """A build folder of its own, whose benches read the sources of a folder that changes."""

    def __init__(self, folder, base):
        self.build, self.sources, self.base = folder / "build", folder / "bench-rtl", base
        shutil.copytree(base, self.sources)
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

    def lint(self, module):
        """Verilator's first warning about the whole machine or the module alone, or None; tests/rtl/test_lint.py allows none."""
        waivers = sorted((ROOT / "hw" / "lint").glob("*.vlt"))
        for top in ("qsim_top", module):
            sources = [self.sources / "qsim_pkg.sv", self.sources / f"{top}.sv"]
            command = ["verilator", "--lint-only", "-Wall", "--top-module", top, "-y", self.sources, *waivers, *sources]
            said = subprocess.run(list(map(str, command)), capture_output=True, text=True).stderr
            if said:
                return said.splitlines()[0].replace(f"{self.sources}/", "")
        return None

    def judge(self, mutants, results):
        """The second look at what the whole machine let pass."""
        by_name = {mutant.name: mutant for mutant in mutants}
        for row in [r for r in results.rows if r["stage"] == "survived" and r["name"] in by_name]:
            mutant = by_name[row["name"]]
            (self.sources / mutant.file).write_text(mutant.text)
            for bench in benches_of(mutant.file.removesuffix(".sv")):
                noticed = self.fails(bench)
                if noticed:
                    results.add(dict(row, stage="bench", noticed=f"test_rtl_{bench}: {noticed}"))
                    break
            else:
                warning = self.lint(mutant.file.removesuffix(".sv"))
                if warning:
                    results.add(dict(row, stage="lint", noticed=warning))
            shutil.copy(self.base / mutant.file, self.sources / mutant.file)
