"""Bits of every tensor and layer from a recipe, by the rules of docs/user/cli.md (Bits)."""

import json

from .errors import Error
from .graph import MOVES, WEIGHTED

BITS = ("weights", "activations", "input", "outputs")
# Keys of qsim's own methods, which a recipe may have; training has its own.
METHODS = ("calibrator", "symmetric", "scales", "weights_per", "weight_scale", "rounding", "sequential", "bias_correction",
           "equalization")
PLACES = ("first", "last", "layers")
LAYER_BITS = BITS[:2]
LAYER_METHODS = ("calibrator", "weights_per", "weight_scale", "rounding", "bias_correction")


def read_recipe(path):
    try:
        with open(path, encoding="utf-8") as file:
            recipe = json.load(file)
    except (OSError, ValueError) as reason:
        raise Error(f"{path}: not a recipe: {reason}") from reason
    check_recipe(recipe, str(path))
    return recipe


def check_recipe(recipe, place):
    """What states codes or scales is refused like other unknown keys: training finds its own."""
    found = [(place, recipe, BITS, METHODS + PLACES)]
    if isinstance(recipe, dict):
        layers = recipe.get("layers", {})
        if not isinstance(layers, dict):
            raise Error(f"{place}: layers: is not an object")
        found += [(f"{place}: layers.{name}", layer, LAYER_BITS, LAYER_METHODS) for name, layer in layers.items()]
        found += [(f"{place}: {key}", recipe[key], LAYER_BITS, LAYER_METHODS) for key in PLACES[:2] if key in recipe]
    for where, keys, names, others in found:
        if not isinstance(keys, dict):
            raise Error(f"{where}: is not an object")
        if unknown := sorted(set(keys) - set(names) - set(others)):
            raise Error(f"{where}: {', '.join(unknown)}: is none of {', '.join(names + others)}")
        for key in names:
            bits = keys.get(key, 8)
            if isinstance(bits, bool) or not isinstance(bits, int) or not 2 <= bits <= 8:
                raise Error(f"{where}: {key} = {bits} is not a whole number in [2, 8]")


def with_policies(graph, recipe):
    """What `first` and `last` say, among the layers: those with weights before which, or after which, there is none. What
    `layers` says of one of them comes first, of a layer that is both `first`."""
    layers = {name: dict(layer) for name, layer in recipe.get("layers", {}).items()}
    order = [(graph.steps, lambda step: step.inputs, lambda step: [step.output]),
             (graph.steps[::-1], lambda step: [step.output], lambda step: step.inputs)]
    for policy, (steps, sources, targets) in zip(PLACES[:2], order):
        reached = set()  # values beyond a layer with weights
        for step in steps:
            is_beyond = any(value in reached for value in sources(step))
            if step.kind in WEIGHTED and not is_beyond and policy in recipe:
                layers[step.name] = {**recipe[policy], **layers.get(step.name, {})}
            if step.kind in WEIGHTED or is_beyond:
                reached.update(targets(step))
    return layers


def assign_bits(graph, recipe):
    """({step name: bits of its weights}, {quantized value: bits of its codes})."""
    layers = with_policies(graph, recipe)
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
