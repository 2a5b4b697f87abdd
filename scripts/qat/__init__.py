"""Quantization-aware training with the machine's own arithmetic; `scripts/qat --help`, docs/user/training.md.

    ONNX or PyTorch module -> Graph (onnx_graph, operators) -> FloatNetwork (float_network)     teacher, calibration
                                                 -> QatNetwork (qat_network)         trained (train)
                                                 -> QDQ ONNX (export)                what qsim imports, code by code

Tested with Debian 12's PyTorch 1.13 and onnx 1.12 (`scripts/setup.sh --models`). Written for later versions as well, which no
test runs.
"""
