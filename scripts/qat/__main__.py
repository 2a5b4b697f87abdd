"""Run as `scripts/qat`, a folder, by Debian's Python: /usr/bin/python3 scripts/qat train ..."""

import pathlib
import sys

sys.path[0] = str(pathlib.Path(__file__).resolve().parents[1])

try:
    import onnx  # noqa: F401
    import torch  # noqa: F401
except ImportError as missing:
    sys.exit(f"error: {missing}: scripts/setup.sh --models installs PyTorch and onnx for /usr/bin/python3")

from qat.command_line import main  # noqa: E402

sys.exit(main(sys.argv[1:]))
