#!/usr/bin/env python3
"""Pictures for papers, as PDF, SVG or PNG, by the suffix of -o.

    .venv/bin/python scripts/plot.py account run.json -o account.pdf                 # cycles of each layer by state
    .venv/bin/python scripts/plot.py roofline a.json b.json -o roofline.svg          # MACs/cycle against MACs/byte
    .venv/bin/python scripts/plot.py pareto results.db --objectives cycles,pes,accuracy -o front.pdf

Runs are what `qsim run --json` writes, sweeps the files of `qsim sweep`; the latter are read by the Python module (docs/user/python.md).
Colours are Okabe and Ito's, told apart by colour-blind readers; in bars a hatch doubles them. The same input gives the same bytes.
"""

import argparse
import json
import math
import pathlib
import sys

try:
    import matplotlib
except ImportError:
    sys.exit("error: Python has no matplotlib: scripts/setup.sh --explore puts it into .venv, for .venv/bin/python")

matplotlib.use("Agg")
import matplotlib.font_manager
import matplotlib.pyplot as plt

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

WIDTHS = {"column": 3.5, "page": 7.16}  # inches, of IEEE's two-column layout
COLOURS = ["#0072b2", "#e69f00", "#56b4e9", "#f0e442", "#009e73", "#cc79a7", "#d55e00", "#000000", "#999999", "#dddddd"]
HATCHES = ["", "", "", "", "", "", "", "", "///", "..."]
MARKERS = ["o", "D", "s", "^", "v", "P", "X", "*"]
LINES = ["-", "--", ":", "-."]
METADATA = {".pdf": {"CreationDate": None}, ".svg": {"Date": None}, ".png": {"Software": None}}
NAME_LENGTH = 24  # of a layer, at most
LOG_FROM = 20     # an axis is logarithmic from this ratio of its ends on


class Problem(Exception):
    """What the caller can mend: one line."""


def read_run(path):
    try:
        run = json.loads(pathlib.Path(path).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, json.JSONDecodeError) as error:
        raise Problem(f"{path}: not a run as `qsim run --json` writes it: {error}") from None
    if not isinstance(run, dict) or not {"layers", "columns", "machine", "manifest"} <= run.keys():
        raise Problem(f"{path}: not a run as `qsim run --json` writes it: it lacks layers, columns, machine or manifest")
    if not any(key.endswith("_pe_cycles") for key in run["columns"]):
        raise Problem(f"{path}: the run has no cycles (--engine reference)")
    return run


def name_of_run(run):
    return f"{pathlib.PurePath(run['manifest']['model']['path']).stem} on {run['machine']['name']}"


def short(name):
    return name if len(name) <= NAME_LENGTH else "\u2026" + name[1 - NAME_LENGTH:]


def pes_of(run):
    return run["machine"]["array.rows"] * run["machine"]["array.cols"]


def draw_account(options):
    """A bar for each layer, as long as its cycles (or 100 %), in the shares of the PEs that were in each state."""
    if len(options.files) != 1:
        raise Problem(f"account shows one run, not {len(options.files)}")
    run = read_run(options.files[0])
    layers = [layer for layer in run["layers"] if layer["cycles"]]
    figure, axes = new_figure(options, 0.6 + 0.17 * len(layers))
    states = [key for key in run["columns"] if key.endswith("_pe_cycles")]
    places = range(len(layers))
    lefts = [0.0] * len(layers)
    for state, colour, hatch in zip(states, COLOURS, HATCHES):
        cycles = [layer[state] / pes_of(run) for layer in layers]
        if options.share:
            cycles = [100 * part / layer["cycles"] for part, layer in zip(cycles, layers)]
        if not any(cycles):
            continue
        title = state.removesuffix("_pe_cycles").replace("_", " ")
        bars = axes.barh(places, cycles, left=lefts, height=0.75, color=colour, hatch=hatch, edgecolor="white", linewidth=0.2,
                         label=title)
        for layer, bar in zip(layers, bars):
            bar.set_gid(f"bar {layer['name']} {title}")
        lefts = [left + part for left, part in zip(lefts, cycles)]
    axes.set_yticks(places, [short(layer["name"]) for layer in layers])
    axes.invert_yaxis()
    axes.margins(x=0.02, y=0.01)
    axes.set_xlabel("share of PE-cycles (%)" if options.share else "cycles")
    if options.share:
        axes.set_xlim(0, 100)
    legend_above(figure, axes)
    return figure, f"{len(layers)} layers of {name_of_run(run)}"


def draw_roofline(options):
    """Layers by MACs per byte of memory traffic and MACs per cycle, under what array and memory allow."""
    if len(options.files) > len(MARKERS):
        raise Problem(f"roofline shows at most {len(MARKERS)} runs, not {len(options.files)}")
    runs = [read_run(path) for path in options.files]
    points = [[(layer["name"], layer["macs"], (layer["dram_read_bytes"] or 0) + (layer["dram_write_bytes"] or 0),
                layer["macs"] / layer["cycles"]) for layer in run["layers"] if layer["macs"] and layer["cycles"]] for run in runs]
    intensities = [macs / moved for of_run in points for _, macs, moved, _ in of_run if moved]
    if not intensities:
        raise Problem(f"{options.files[0]}: no layer moves any bytes: there is no roofline")
    least, most = min(intensities) / 2, 4 * max(intensities)
    figure, axes = new_figure(options, options.width * 0.75)
    for place, (run, of_run, colour, marker) in enumerate(zip(runs, points, COLOURS, MARKERS)):
        peak = max([pes_of(run)] + [layer["peak_macs_per_cycle"] or 0 for layer in run["layers"]])
        speed = run["figures"]["memory_peak_bytes_per_cycle"]["value"]
        knee = min(max(peak / speed, least), most)
        xs = [least, knee, most]
        style = {"color": colour, "linestyle": LINES[place % len(LINES)], "linewidth": 1}
        axes.plot(xs, [min(peak, x * speed) for x in xs], zorder=1, gid=f"roof {place + 1}", **style)
        axes.plot([], [], marker=marker, markersize=4, label=f"{name_of_run(run)}: {peak:g} MACs, {speed:.3g} bytes a cycle", **style)
        for name, macs, moved, rate in of_run:
            x = macs / moved if moved else most
            axes.plot([x], [rate], linestyle="", color=colour, marker=marker if moved else ">", markersize=4, zorder=2,
                      markeredgecolor="white", markeredgewidth=0.3, gid=f"layer {place + 1} {name}", clip_on=False)
            if options.name_layers and place == 0:
                axes.annotate(short(name), (x, rate), xytext=(3, 3), textcoords="offset points", fontsize=0.75 * options.font_size)
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xlim(least, most)
    axes.set_xlabel("MACs per byte of memory traffic")
    axes.set_ylabel("MACs per cycle")
    legend_above(figure, axes, columns=1)
    return figure, f"{sum(map(len, points))} layers with MACs; at the right edge those without memory traffic"


def read_sweep(path, text):
    """Objectives, labels, points with values of all of them, and the keys of the front."""
    from qsim_module import qsim

    try:
        objectives = qsim.objectives(text, "--objectives")
        store = qsim.Store(path)
        front = set(store.pareto_keys(text))
        units = store.units()
        accuracies = {row.key: row for row in store.values()}
        points = []
        for point in store.points():
            accuracy = accuracies.get(point.values_key)
            metrics = {metric.name: metric.value for row in (point, accuracy) if row for metric in row.metrics}
            values = [metrics.get(objective.metric, math.nan) for objective in objectives]
            if not point.failure and not any(map(math.isnan, values)):
                points.append((point.key in front, values))
    except qsim.Error as error:
        raise Problem(str(error)) from None
    labels = []
    for objective in objectives:
        name, unit = objective.metric.replace("_", " "), units[objective.metric][0]
        labels.append(name if unit.lower() == name else f"{name} ({unit})")
    return objectives, labels, points


def draw_pareto(options):
    """All points of a sweep, those that no other beats marked; a third objective is a colour."""
    if len(options.files) != 1:
        raise Problem(f"pareto shows one sweep, not {len(options.files)}")
    if options.objectives is None:
        raise Problem("pareto needs --objectives, such as cycles,pes")
    objectives, labels, points = read_sweep(options.files[0], options.objectives)
    if len(objectives) not in (2, 3):
        raise Problem(f"--objectives = {options.objectives}: a picture has two or three of them")
    drawn = [point for point in points if all(map(math.isfinite, point[1]))]
    if not any(on_front for on_front, _ in drawn):
        raise Problem(f"{options.files[0]}: every point on the front has an infinite value: nothing to draw")
    left_out = f"; {len(points) - len(drawn)} with an infinite value are not drawn" if len(drawn) < len(points) else ""
    figure, axes = new_figure(options, options.width * 0.75)
    rest = sorted({tuple(values) for on_front, values in drawn if not on_front})
    front = sorted({tuple(values) for on_front, values in drawn if on_front})
    axes.scatter([values[0] for values in rest], [values[1] for values in rest], s=8, color="#bbbbbb", linewidths=0, zorder=1,
                 gid="others", label="other points")
    if len(objectives) == 2:
        axes.plot(*zip(*front), color=COLOURS[0], linewidth=0.8, drawstyle=step_style(objectives), zorder=2, gid="front line")
        axes.scatter(*zip(*front), s=14, color=COLOURS[0], zorder=3, gid="front", label="Pareto front")
    else:
        colours = axes.scatter(*list(zip(*front))[:2], c=[values[2] for values in front], s=14, cmap="cividis", zorder=3, gid="front",
                             label="Pareto front", edgecolors="black", linewidths=0.3)
        figure.colorbar(colours, ax=axes, label=labels[2])
    for axis, place in ((axes.xaxis, 0), (axes.yaxis, 1)):
        values = [values[place] for _, values in drawn]
        if min(values) > 0 and max(values) / min(values) >= LOG_FROM:
            (axes.set_xscale if place == 0 else axes.set_yscale)("log")
        axis.set_label_text(labels[place])
    legend_above(figure, axes)
    return figure, f"{sum(on_front for on_front, _ in points)} of {len(points)} points are on the front, {len(front)} places in the picture{left_out}"


def step_style(objectives):
    """The line runs where the front's points beat everything: a corner lies on the worse side of both."""
    return "steps-post" if not objectives[0].is_greater_better else "steps-pre"


def new_figure(options, height):
    figure, axes = plt.subplots(figsize=(options.width, options.height or height), layout="constrained")
    axes.spines[["top", "right"]].set_visible(False)
    if options.title:
        figure.suptitle(options.title, fontsize=options.font_size)
    return figure, axes


def legend_above(figure, axes, columns=None):
    handles, labels = axes.get_legend_handles_labels()
    columns = columns or min(len(labels), 3 if figure.get_figwidth() < 5 else 6)
    figure.legend(handles, labels, loc="outside upper center", ncols=columns, frameon=False, handlelength=1.2, columnspacing=1)


def length(text):
    """Inches: a name of WIDTHS, or a number."""
    if text in WIDTHS:
        return WIDTHS[text]
    try:
        inches = float(text)
    except ValueError:
        inches = math.nan
    if not 1 <= inches <= 40:
        raise argparse.ArgumentTypeError(f"{text} is neither column, page nor inches in [1, 40]")
    return inches


def parse_arguments(arguments):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("kind", choices=sorted(DRAW))
    parser.add_argument("files", nargs="+", metavar="FILE", help="run.json, or results.db of a sweep")
    parser.add_argument("-o", "--output", required=True, type=pathlib.Path, metavar="FILE.pdf|svg|png")
    parser.add_argument("--objectives", metavar="X,Y[,COLOUR]", help="of pareto, as of `qsim sweep --pareto`")
    parser.add_argument("--share", action="store_true", help="of account: bars of 100 %%")
    parser.add_argument("--name-layers", action="store_true", help="of roofline: names beside the first run's points")
    parser.add_argument("--width", type=length, default="column", metavar="column|page|INCHES", help="3.5 or 7.16 inches (default: column)")
    parser.add_argument("--height", type=length, metavar="INCHES", help="as the content asks if not given")
    parser.add_argument("--font", default="DejaVu Sans", help="that this computer has (default: DejaVu Sans)")
    parser.add_argument("--font-size", type=float, default=8, metavar="POINTS")
    parser.add_argument("--title")
    return parser.parse_args(arguments)


def set_style(options):
    try:
        matplotlib.font_manager.findfont(options.font, fallback_to_default=False)
    except ValueError:
        raise Problem(f"--font = {options.font}: this computer has no such font") from None
    if not 4 <= options.font_size <= 40:
        raise Problem(f"--font-size = {options.font_size:g} is outside [4, 40]")
    matplotlib.rcdefaults()
    matplotlib.rcParams.update({
        "font.family": options.font, "font.size": options.font_size, "axes.linewidth": 0.6, "hatch.linewidth": 0.4,
        "svg.fonttype": "none", "svg.hashsalt": "qsim", "pdf.fonttype": 42, "savefig.dpi": 300})


DRAW = {"account": draw_account, "roofline": draw_roofline, "pareto": draw_pareto}


def main(arguments=None):
    options = parse_arguments(arguments)
    try:
        if options.output.suffix not in METADATA:
            raise Problem(f"{options.output}: ends neither in .pdf, .svg nor .png")
        set_style(options)
        figure, summary = DRAW[options.kind](options)
        try:
            figure.savefig(options.output, metadata=METADATA[options.output.suffix])
        except OSError as error:
            raise Problem(f"{options.output}: cannot be written: {error.strerror}") from None
        finally:
            plt.close(figure)
    except Problem as problem:
        print(f"error: {problem}", file=sys.stderr)
        return 1
    print(f"{options.output}: {summary}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
