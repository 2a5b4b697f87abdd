#!/usr/bin/python3
"""Check what no compiler checks: who may include whom, what libraries must not do, and what must not leak.

Each rule is one test; the last line, "passed=N failed=N skipped=N", is for scripts/test.sh. Rules look at
the files that git tracks or would add. Long files are listed, not failed.
"""

import pathlib
import re
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
LONG_FILE_LINES = 400
CLANG_FORMAT_MAJOR = 14  # Debian 12's; other versions break lines differently
SOURCE_SUFFIXES = (".cpp", ".h", ".cc", ".hpp", ".inc")
LENGTH_SUFFIXES = SOURCE_SUFFIXES + (".sv", ".py", ".sh", ".def", ".js")

INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')


class Skip(Exception):
    """Raised by a rule that cannot be checked here; says why."""


class Tree:
    """The files of the project, read once."""

    def __init__(self, root, names=None):
        self.root = root
        self.names = sorted(names if names is not None else list_files(root))
        self._bytes = {}

    def bytes_of(self, name):
        if name not in self._bytes:
            self._bytes[name] = (self.root / name).read_bytes()
        return self._bytes[name]

    def lines(self, name):
        return self.bytes_of(name).decode("utf-8", "replace").splitlines()

    def sources(self, *prefixes):
        """C++ files under any of the folders (all, without one)."""
        chosen = [n for n in self.names if n.endswith(SOURCE_SUFFIXES)]
        return [n for n in chosen if not prefixes or n.startswith(prefixes)]

    def includes(self, name):
        """(line number, included file, whether in angle brackets) of each #include."""
        for number, line in enumerate(self.lines(name), 1):
            match = INCLUDE.match(line)
            if match:
                yield number, match.group(2), match.group(1) == "<"


def list_files(root):
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=root, check=True, capture_output=True).stdout.decode()
    return [name for name in listed.split("\0") if name and (root / name).is_file()]


def forbid_includes(tree, files, pattern, why):
    """One message per #include in `files` whose target matches `pattern` from its beginning."""
    return [
        f"{name}:{number}: includes {target}: {why}"
        for name in files
        for number, target, _ in tree.includes(name)
        if re.match(pattern, target)
    ]


# --- who may depend on whom -------------------------------------------------------------------------


def spec_depends_on_nothing(tree):
    """hw/spec includes neither compiler/ nor sim/"""
    return forbid_includes(tree, tree.sources("hw/"), r"(compiler|sim|tests)/", "hw/ is the contract")


def compiler_does_not_see_sim(tree):
    """compiler/ does not include sim/"""
    return forbid_includes(tree, tree.sources("compiler/"), r"(sim|tests)/", "only sim/cli sees both")


def sim_does_not_see_compiler(tree):
    """sim/ does not include compiler/, but for sim/cli"""
    files = [n for n in tree.sources("sim/") if not n.startswith("sim/cli/")]
    return forbid_includes(tree, files, r"(compiler|tests)/", "only sim/cli sees both")


def engine_of(path):
    """The engine that a file belongs to, or None: sim/engines/<name>/..., sim/systemc/..."""
    parts = path.split("/")
    if parts[:2] == ["sim", "engines"] and len(parts) > 3:
        return parts[2]
    return "systemc" if parts[:2] == ["sim", "systemc"] else None


def engines_do_not_share(tree):
    """no engine includes another: their agreement would prove nothing"""
    found = []
    for name in tree.sources("sim/"):
        for number, target, _ in tree.includes(name):
            mine, other = engine_of(name), engine_of(target)
            if mine and other and mine != other:
                found.append(f"{name}:{number}: engine {mine} includes {target} of engine {other}")
    return found


def no_upward_includes(tree):
    """includes are written from the project's root, never with ../"""
    return forbid_includes(tree, tree.sources(), r"\.\.?/", "write the path from the project's root")


# --- third-party libraries stay in their rooms ------------------------------------------------------


def only_under(tree, pattern, rooms, library):
    """`library`'s headers (in our libraries and tools, not in tests) are included under `rooms` alone."""
    files = [n for n in tree.sources("hw/", "compiler/", "sim/") if not re.match(rooms, n)]
    return forbid_includes(tree, files, pattern, f"{library} headers are not for this folder")


def systemc_in_its_room(tree):
    """SystemC headers only under sim/systemc and its engine"""
    pattern = r"(systemc(\.h)?$|tlm(\.h)?$|tlm_\w+/|tlm_utils/|sysc/)"
    return only_under(tree, pattern, r"sim/systemc/|sim/engines/systemc/", "SystemC")


def verilated_in_its_room(tree):
    """Verilated headers only in the RTL engine"""
    return only_under(tree, r"(verilated\w*\.h|V\w+\.h)$", r"sim/engines/rtl/", "Verilated")


def boost_in_its_room(tree):
    """Boost only in arch parsing and the CLI"""
    return only_under(tree, r"boost/", r"hw/spec/arch|sim/cli/", "Boost")


def protobuf_in_its_room(tree):
    """ONNX protobuf only in compiler/onnx"""
    return only_under(tree, r"(onnx/|google/protobuf/|\w+\.pb\.h)", r"compiler/onnx/", "ONNX protobuf")


def libraries_stay_silent(tree):
    """libraries never print and never exit; only sim/cli does"""
    pattern = re.compile(r"std::(cout|cerr|clog)\b|\bf?printf\s*\(|\b(std::)?(_?exit|abort|quick_exit)\s*\(")
    found = []
    for name in tree.sources("hw/", "compiler/", "sim/"):
        if name.startswith("sim/cli/"):
            continue
        for number, line in enumerate(tree.lines(name), 1):
            match = pattern.search(line.split("//")[0])
            if match:
                found.append(f"{name}:{number}: {match.group(0)}")
    return found


# --- what must not be in the tree -------------------------------------------------------------------


def no_machine_paths(tree):
    """no path of a developer's machine"""
    pattern = re.compile(rb"/(?:work|root|farm|tmp/bash_jobs[^/]*|home/[a-z]\w*)/")
    found = []
    for name in tree.names:
        for number, line in enumerate(tree.bytes_of(name).split(b"\n"), 1):
            match = pattern.search(line)
            if match:
                found.append(f"{name}:{number}: {match.group(0).decode()}")
    return found


def no_large_files(tree):
    """no file of more than 1 MB"""
    sizes = {name: len(tree.bytes_of(name)) for name in tree.names}
    return [f"{name}: {size} bytes" for name, size in sizes.items() if size > 1_000_000]


def links_resolve(tree):
    """relative links in Markdown lead to a file of the tree"""
    link = re.compile(r"\]\(([^)\s#]+)(?:#[^)]*)?\)")
    found = []
    for name in (n for n in tree.names if n.endswith(".md")):
        folder = (tree.root / name).parent
        for number, line in enumerate(tree.lines(name), 1):
            for target in link.findall(line):
                if not re.match(r"[a-z]+:", target) and not (folder / target).exists():
                    found.append(f"{name}:{number}: {target}")
    return found


# --- form -------------------------------------------------------------------------------------------


def headers_have_guards(tree):
    """headers start their code with #pragma once"""
    return [n for n in tree.sources() if n.endswith(".h") and b"#pragma once" not in tree.bytes_of(n)]


def scripts_parse(tree):
    """shell and Python scripts parse"""
    found = []
    for name in tree.names:
        if name.endswith(".sh"):
            run = subprocess.run(["bash", "-n", str(tree.root / name)], capture_output=True, text=True)
            found += run.stderr.splitlines()
        elif name.endswith(".py"):
            try:
                compile(tree.bytes_of(name), name, "exec")
            except SyntaxError as error:
                found.append(f"{name}:{error.lineno}: {error.msg}")
    return found


def formatted(tree):
    """C++ is formatted as .clang-format says"""
    tool = shutil.which("clang-format")
    if tool is None:
        raise Skip("clang-format is not installed")
    version = subprocess.run([tool, "--version"], check=True, capture_output=True, text=True).stdout
    if f"version {CLANG_FORMAT_MAJOR}." not in version:
        raise Skip(f"needs clang-format {CLANG_FORMAT_MAJOR}, found: {version.strip()}")
    files = [n for n in tree.sources() if not n.endswith(".inc")]
    if not files:
        return []
    command = [tool, "--dry-run", "--ferror-limit=1"] + files
    run = subprocess.run(command, cwd=tree.root, capture_output=True, text=True)
    return [line for line in run.stderr.splitlines() if "[-Wclang-format-violations]" in line]


RULES = [
    spec_depends_on_nothing,
    compiler_does_not_see_sim,
    sim_does_not_see_compiler,
    engines_do_not_share,
    no_upward_includes,
    systemc_in_its_room,
    verilated_in_its_room,
    boost_in_its_room,
    protobuf_in_its_room,
    libraries_stay_silent,
    no_machine_paths,
    no_large_files,
    links_resolve,
    headers_have_guards,
    scripts_parse,
    formatted,
]


def list_long_files(tree):
    lengths = {n: len(tree.lines(n)) for n in tree.names if n.endswith(LENGTH_SUFFIXES)}
    for name, length in sorted(lengths.items(), key=lambda item: -item[1]):
        if length > LONG_FILE_LINES:
            print(f"note: {name} has {length} lines (over {LONG_FILE_LINES}: is there a reason?)")


def main():
    tree = Tree(ROOT)
    counts = {"passed": 0, "failed": 0, "skipped": 0}
    for rule in RULES:
        title = " ".join(rule.__doc__.split())
        try:
            found = rule(tree)
        except Skip as reason:
            counts["skipped"] += 1
            print(f"skipped: {title}: {reason}")
            continue
        counts["failed" if found else "passed"] += 1
        print(f"{'FAILED' if found else 'ok'}: {title}")
        for message in found:
            print(f"    {message}")
    list_long_files(tree)
    print(" ".join(f"{what}={count}" for what, count in counts.items()))
    return 1 if counts["failed"] else 0


if __name__ == "__main__":
    sys.exit(main())
