"""Imports the Python module of this tree: `from qsim_module import qsim`. QSIM_PYTHON names another build's folder."""

import os
import pathlib
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
FOLDER = pathlib.Path(os.environ.get("QSIM_PYTHON", ROOT / "build" / "release" / "python"))
sys.path.insert(0, str(FOLDER))

try:
    import qsim  # noqa: F401
except ImportError as error:
    sys.exit(f"no Python module in {FOLDER} ({error}): build it with "
             "`cmake --preset release && cmake --build --preset release --target qsim_python`")
