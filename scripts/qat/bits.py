"""Bits of every tensor and layer from a recipe, by the rules of docs/user/cli.md (Bits)."""

import json

from .errors import Error
from .graph import MOVES, WEIGHTED

KEYS = ("weights", "activations", "input", "outputs")


def read_recipe(path):
    try:
        with open(path, encoding="utf-8") as file:
            recipe = json.load(file)
    except (OSError, ValueError) as reason:
        raise Error(f"{path}: not a recipe: {reason}") from reason
    check_recipe(recipe, str(path))
    return recipe


def check_recipe(recipe, place):
    """Methods of qsim's own quantization may stand in it; training has its own."""
    found = [(place, recipe, KEYS)]
    found += [(f"{place}: layers.{name}", layer, KEYS[:2]) for name, layer in recipe.get("layers", {}).items()]
    for where, keys, names in found:
        for key in names:
            bits = keys.get(key, 8)
            if isinstance(bits, bool) or not isinstance(bits, int) or not 2 <= bits <= 8:
                raise Error(f"{where}: {key} = {bits} is not a whole number in [2, 8]")


def assign_bits(graph, recipe):
    """({step name: bits of its weights}, {quantized value: bits of its codes})."""
    layers = recipe.get("layers", {})
    names = {step.name for step in graph.steps if step.kind not in MOVES}
    if unknown := sorted(set(layers) - names):
        raise Error(f"recipe: no layer {', '.join(unknown)}; there are {', '.join(sorted(names))}")
    weights = {s.name: layers.get(s.name, {}).get("weights", recipe.get("weights", 8))
               for s in graph.steps if s.kind in WEIGHTED}
    asked = {value: [] for value in graph.quantized_values()}
    for step in graph.steps:
        if step.kind in MOVES:
            continue
        for value in map(graph.source, step.inputs):
            named = layers.get(step.name, {}).get("activations")
            if named is None and value == graph.input:
                continue
            if step.output in asked:
                asked[value].append(named or recipe.get("activations", 8))
    fallback = {graph.input: recipe.get("input", 8)}
    outputs = recipe.get("outputs", 8)
    return weights, {value: max(bits) if bits else fallback.get(value, outputs) for value, bits in asked.items()}
