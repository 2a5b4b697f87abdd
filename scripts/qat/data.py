"""Samples as qsim reads them: an .npz with x and y, and a .json beside it that says how they are preprocessed."""

import json
import pathlib

import numpy as np

from .errors import Error

KEYS = {"layout", "mean", "scale", "channel_order"}


def load(path):
    """(x, y or None) as stored."""
    try:
        with np.load(path) as file:
            return file["x"], (file["y"].reshape(-1).astype(np.int64) if "y" in file.files else None)
    except (OSError, ValueError, KeyError) as reason:
        raise Error(f"{path}: not an .npz with an array x: {reason}") from reason


def description(path, mean=None, scale=None):
    """The keys of FILE.json beside FILE.npz; options go before."""
    beside = pathlib.Path(path).with_suffix(".json")
    try:
        keys = json.loads(beside.read_text()) if beside.is_file() else {}
    except ValueError as reason:
        raise Error(f"{beside}: not a description of preprocessing: {reason}") from reason
    if not isinstance(keys, dict):
        raise Error(f"{beside}: not a description of preprocessing: expected an object")
    if unknown := sorted(set(keys) - KEYS):
        raise Error(f"{beside}: {', '.join(unknown)}: training supports {', '.join(sorted(KEYS))}")
    given = {"mean": mean, "scale": scale}
    return {**keys, **{key: value for key, value in given.items() if value is not None}}


def preprocessed(x, keys, shape):
    """float32 [N, *shape]: layout, channel order, then (x - mean) * scale."""
    x = x.astype(np.float32)
    if keys.get("layout", "NCHW") == "NHWC" and x.ndim == 4:
        x = x.transpose(0, 3, 1, 2)
    if keys.get("channel_order", "RGB") == "BGR":
        x = x[:, ::-1]
    if x[0].size != np.prod(shape):
        raise Error(f"samples have shape {list(x.shape[1:])}, the network wants {list(shape)}")

    def a_channel(value):
        value = np.asarray(value, np.float32)
        return value.reshape(-1, *[1] * (x.ndim - 2)) if value.size > 1 else value.reshape(())

    x = (x - a_channel(keys.get("mean", 0.0))) * a_channel(keys.get("scale", 1.0))
    return np.ascontiguousarray(x.reshape(-1, *shape), np.float32)


def split(path, scored, seed, folder):
    """Writes `scored` samples, drawn by `seed`, to scored.npz and all others to training.npz, the description of their
    preprocessing beside both. Returns how many the others are."""
    x, y = load(path)
    if y is None:
        raise Error(f"{path}: has no labels y, which scoring needs")
    if not 0 < scored < len(x):
        raise Error(f"{path}: --score {scored} is outside [1, {len(x) - 1}]")
    order = np.random.default_rng(seed).permutation(len(x))
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    beside = pathlib.Path(path).with_suffix(".json")
    for name, index in (("scored", order[:scored]), ("training", order[scored:])):
        np.savez_compressed(folder / f"{name}.npz", x=x[index], y=y[index], index=index)
        if beside.is_file():
            (folder / f"{name}.json").write_text(beside.read_text())
    return len(x) - scored
