#!/usr/bin/env python3
"""What searching hardware and quantization together gains over searching either alone, from a sweep's file.

    scripts/codesign.py results.db --reference array.rows=16 --reference array.cols=16 --bits 8/8

The reference is the machine whose keys are given (the first that fits all `--reference`) with the bits of `--bits`. Four searches
look through the same points, each for the least of one metric among those whose top-1 is at least the float network's less `--drop`
points, and whose area is at most the reference's times `--area`:

    reference           the one point
    quantization alone  the reference's machine, any bits
    hardware alone      any machine, the reference's bits
    together            any machine, any bits

Prints Markdown: the searches for each metric, and the ends of the front of all points. Needs Python's standard library alone.
"""

import argparse
import json
import pathlib
import sqlite3
import sys

METRICS = {"time_ms": "ms", "energy_uj": "uJ", "area_mm2": "mm2"}
EDP = "energy-delay"


def parse_arguments(arguments):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("store", metavar="RESULTS.db")
    parser.add_argument("--reference", action="append", required=True, metavar="KEY=VALUE", help="of the reference's machine")
    parser.add_argument("--bits", default="8/8", metavar="W/A", help="of the reference (default: 8/8)")
    parser.add_argument("--drop", type=float, action="append", metavar="POINTS", help="below float (default: 0.5, 1 and 2)")
    parser.add_argument("--area", type=float, default=1.0, metavar="FACTOR", help="of the reference's area that may be used (default: 1)")
    options = parser.parse_args(arguments)
    for text in options.reference:
        if "=" not in text:
            parser.error(f"--reference {text} is not KEY=VALUE")
    options.drop = options.drop or [0.5, 1.0, 2.0]
    return options


def bits_of(recipe):
    """How a recipe is called in the tables: W/A, and `mixed` where layers differ."""
    if not recipe:
        return "8/8"
    ends = [recipe[end].get(kind) for end in ("first", "last") if end in recipe for kind in ("weights", "activations")]
    if recipe.get("layers") or any(bits is not None for bits in ends):
        return "mixed"
    return f"{recipe.get('weights', 8)}/{recipe.get('activations', 8)}"


def require_comparable(database, path):
    """Energies by different prices, or times of different batches, are not compared."""
    for model, column, count in database.execute(
            "SELECT model, 'tables of prices', count(DISTINCT prices) FROM points JOIN networks ON networks.id = network GROUP BY model "
            "UNION ALL SELECT model, 'batches or input shapes', count(DISTINCT shapes) FROM networks GROUP BY model "
            "UNION ALL SELECT model, 'contents', count(DISTINCT model_sha256) FROM networks GROUP BY model"):
        if count > 1:
            sys.exit(f"{path}: the points of {model} have {count} {column}; expected a file of one")


def read_points(path):
    """All points that have every metric and an accuracy, one dictionary each, and the number of the others."""
    database = sqlite3.connect(f"{pathlib.Path(path).absolute().as_uri()}?mode=ro", uri=True)
    require_comparable(database, path)
    points = {}
    wanted = [*METRICS, "cycles", "top1", "float_top1"]
    rows = database.execute(
        "SELECT key, model, recipe, machine_keys, metric, value FROM results "
        f"WHERE metric IN ({','.join('?' * len(wanted))})", wanted)
    for key, model, recipe, keys, metric, value in rows:
        point = points.setdefault(key, {"model": model, "bits": bits_of(json.loads(recipe) if recipe else None), "keys": keys})
        point[metric] = value
    failed = database.execute("SELECT count(*) FROM points WHERE status = 'failed'").fetchone()[0]
    complete = [point for point in points.values() if all(point.get(metric) is not None for metric in wanted)]
    for point in complete:
        point["keys"] = json.loads(point["keys"])
        point[EDP] = point["time_ms"] * point["energy_uj"]
    return complete, failed + len(points) - len(complete)


def machine_text(point, varying):
    keys = point["keys"]
    size = f"{keys['array.rows']}x{keys['array.cols']}"
    rest = [f"{name.split('.')[1]} {keys[name]}" for name in varying if name not in ("array.rows", "array.cols")]
    return ", ".join([size, *rest])


def is_at(point, reference):
    return all(str(point["keys"].get(name)) == value for name, value in reference.items())


def dominates(a, b, metrics):
    no_worse = all(a[metric] <= b[metric] for metric in metrics) and a["top1"] >= b["top1"]
    return no_worse and (any(a[metric] < b[metric] for metric in metrics) or a["top1"] > b["top1"])


def front(points, metrics):
    ordered = sorted(points, key=lambda point: (*[point[metric] for metric in metrics], -point["top1"]))
    kept = []
    for point in ordered:
        if not any(dominates(other, point, metrics) for other in kept):
            kept.append(point)
    return kept


def row(*cells):
    return "| " + " | ".join(str(cell) for cell in cells) + " |"


def cells_of(point, varying):
    return (point["bits"], machine_text(point, varying), f"{100 * point['top1']:.2f}", f"{point['cycles']:,.0f}",
            *(f"{point[metric]:.4g}" for metric in METRICS))


HEAD = ("bits", "machine", "top-1, %", "cycles", *(f"{metric.rsplit('_', 1)[0]}, {unit}" for metric, unit in METRICS.items()))


def searches(points, base, options, varying):
    same_machine = [point for point in points if point["keys"] == base["keys"]]
    same_bits = [point for point in points if point["bits"] == base["bits"]]
    groups = {"reference": [base], "quantization alone": same_machine, "hardware alone": same_bits, "together": points}
    for drop in options.drop:
        floor = base["float_top1"] - drop / 100
        print(f"\nTop-1 of at least {100 * floor:.2f} % (float less {drop:g} points), area of at most {options.area * base['area_mm2']:.4g} mm2:\n")
        print(row("least", "search", *HEAD, "gain"))
        print(row(*["---"] * (len(HEAD) + 3)))
        for metric in ("time_ms", "energy_uj", EDP):
            for name, group in groups.items():
                allowed = [point for point in group if point["top1"] >= floor and point["area_mm2"] <= options.area * base["area_mm2"]]
                label = metric.rsplit("_", 1)[0]
                if not allowed:
                    print(row(label, name, *["–"] * (len(HEAD) + 1)))
                    continue
                best = min(allowed, key=lambda point: (point[metric], point["area_mm2"], -point["top1"]))
                print(row(label, name, *cells_of(best, varying), f"{base[metric] / best[metric]:.2f}x"))


def report(path, options):
    try:
        points, incomplete = read_points(path)
    except sqlite3.Error as error:
        sys.exit(f"{path}: cannot be read as a file of qsim sweep: {error}")
    if not points:
        sys.exit(f"{path}: no point has {', '.join(METRICS)} and top1; expected a sweep with --data")
    reference = dict(text.split("=", 1) for text in options.reference)
    names = sorted({name for point in points for name in point["keys"]})
    varying = [name for name in names if len({str(point["keys"].get(name)) for point in points}) > 1]
    for model in sorted({point["model"] for point in points}):
        mine = [point for point in points if point["model"] == model]
        bases = [point for point in mine if is_at(point, reference) and point["bits"] == options.bits]
        if not bases:
            sys.exit(f"{path}: no point of {model} has {' '.join(options.reference)} and {options.bits} bits")
        base = bases[0]
        best = front(mine, list(METRICS))
        print(f"\n## {model}\n\n{len(mine)} points ({incomplete} of the file without all metrics), {len(best)} on the front of "
              f"{', '.join(METRICS)} and top-1; float {100 * base['float_top1']:.2f} %.")
        searches(mine, base, options, varying)
        print("\nEnds of the front:\n")
        print(row("end", *HEAD))
        print(row(*["---"] * (len(HEAD) + 1)))
        ends = {f"least {metric.rsplit('_', 1)[0]}": min(best, key=lambda point: (point[metric], -point["top1"])) for metric in METRICS}
        ends["greatest top-1"] = max(best, key=lambda point: (point["top1"], -point["energy_uj"]))
        for name, point in ends.items():
            print(row(name, *cells_of(point, varying)))


if __name__ == "__main__":
    arguments = parse_arguments(sys.argv[1:])
    report(arguments.store, arguments)
