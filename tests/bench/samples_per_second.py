#!/usr/bin/env python3
"""Samples per CPU second of qsim's integer arithmetic beside onnxruntime's int8, as a Markdown table.

    .venv/bin/python tests/bench/samples_per_second.py --qsim build/release/sim/cli/qsim a_qdq.onnx b_qdq.onnx
    ... fp32.onnx=int8.onnx     qsim quantizes fp32.onnx itself, onnxruntime runs int8.onnx

One thread each, in turns, on the same seeded noise. qsim's figure is what a whole process takes for all samples less
what it takes for the first --few of them (`--skip-float`; reading, preprocessing and scoring included). onnxruntime's
is that of InferenceSession.run in the batch that the model allows, the better of 1 and 16 where it is open.
"""

import argparse
import os
import pathlib
import resource
import statistics
import subprocess
import sys
import tempfile

import numpy
import onnxruntime

SEED = 1


def cpu_seconds(usage):
    return usage.ru_utime + usage.ru_stime


class Peer:
    """An onnxruntime session of one thread and the samples it runs."""

    def __init__(self, path, samples):
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        self.session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        self.samples = samples
        fixed = self.session.get_inputs()[0].shape[0]
        self.batches = [fixed] if isinstance(fixed, int) else [1, 16]

    def seconds(self, batch):
        name = self.session.get_inputs()[0].name
        before = cpu_seconds(resource.getrusage(resource.RUSAGE_SELF))
        for first in range(0, len(self.samples) - batch + 1, batch):
            self.session.run(None, {name: self.samples[first : first + batch]})
        return cpu_seconds(resource.getrusage(resource.RUSAGE_SELF)) - before

    def rate(self):
        return max(len(self.samples) // batch * batch / self.seconds(batch) for batch in self.batches)


def process_seconds(command):
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    if os.waitstatus_to_exitcode(status) != 0:
        raise SystemExit(f"{' '.join(command)}: failed")
    return cpu_seconds(usage)


def qsim_rate(qsim, model, data, count, few):
    command = [str(qsim), "run", "--engine", "reference", "--skip-float", "--threads", "1", "--data", str(data)]
    seconds = [process_seconds([*command, "--limit", str(n), str(model)]) for n in (count, few)]
    return (count - few) / (seconds[0] - seconds[1])


def measure(qsim, model, peer_model, options):
    shape = onnxruntime.InferenceSession(str(peer_model), providers=["CPUExecutionProvider"]).get_inputs()[0].shape
    samples = numpy.random.default_rng(SEED).random((options.samples, *shape[1:]), dtype=numpy.float32)
    peer = Peer(peer_model, samples)
    with tempfile.TemporaryDirectory() as folder:
        data = pathlib.Path(folder) / "noise.npz"
        numpy.savez(data, x=samples)
        pairs = []
        for _ in range(options.runs + 1):
            ours = qsim_rate(qsim, model, data, options.samples, options.few)
            pairs.append((ours, peer.rate()))
    pairs = pairs[1:]  # the first reads files and makes kernels
    ours, theirs = (statistics.median(column) for column in zip(*pairs))
    ratios = [a / b for a, b in pairs]
    return f"| {pathlib.Path(model).stem} | {ours:.0f} | {theirs:.0f} | {statistics.median(ratios):.2f} | {min(ratios):.2f} – {max(ratios):.2f} |"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--qsim", default="build/release/sim/cli/qsim")
    parser.add_argument("--samples", type=int, default=400)
    parser.add_argument("--few", type=int, default=16)
    parser.add_argument("--runs", type=int, default=7)
    parser.add_argument("models", nargs="+")
    options = parser.parse_args()
    print("| model | qsim, samples/s | onnxruntime, samples/s | ratio | least – most |")
    print("|---|---|---|---|---|")
    for name in options.models:
        model, _, peer_model = name.partition("=")
        print(measure(options.qsim, model, peer_model or model, options), flush=True)


if __name__ == "__main__":
    sys.exit(main())
