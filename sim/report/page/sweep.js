// The page of a sweep: every point on two metrics of the reader's choice, and the front. kData.sweep: see sim/store/page_data.h.

const kFavourites = [["cycles", "top1"], ["energy_uj", "top1"], ["cycles", "energy_uj"], ["area_mm2", "cycles"], ["pes", "cycles"]];

// JSON has no infinite numbers: "Infinity" and "-Infinity" stand for them (an SQNR without a difference).
function with_infinities(values) {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, typeof value === "string" ? Number(value) : value]));
}

// Indices of the points that no other one beats on both metrics, as `qsim sweep --pareto` finds them; infinite values count.
function front_of(points, x, y, metrics) {
  const sign = (name) => (metrics[name].greater_is_better ? -1 : 1);
  const order = points.map((_, i) => i).filter((i) => typeof points[i].values[x] === "number" && typeof points[i].values[y] === "number");
  const along = (name, a, b) => (points[a].values[name] === points[b].values[name] ? 0 : sign(name) * (points[a].values[name] - points[b].values[name]));
  order.sort((a, b) => along(x, a, b) || along(y, a, b));
  const front = [];
  let best = Infinity, best_x = null;
  for (const i of order) {
    const height = sign(y) * points[i].values[y];
    if (front.length === 0 || height < best || (height === best && points[i].values[x] === best_x)) { front.push(i); best = height; best_x = points[i].values[x]; }
  }
  return front;
}

function metric_title(name, metrics) { return metrics[name].unit && metrics[name].unit !== name ? `${name.replaceAll("_", " ")}, ${metrics[name].unit}` : name.replaceAll("_", " "); }
function settings_text(point) { return Object.entries(point.settings).map(([key, value]) => `${key} = ${value}`).join(", "); }

function show_sweep() {
  const sweep = kData.sweep, metrics = sweep.metrics;
  const points = sweep.points.map((point) => ({ ...point, values: with_infinities(point.values) }));
  const names = Object.keys(metrics).filter((name) => points.some((point) => typeof point.values[name] === "number"));
  start_page(`Sweep ${sweep.title}`);
  const section = add_section("front", "Points and the Pareto front", element("p", {},
    `${number_text(points.length)} points with results${sweep.failed.length ? `, ${number_text(sweep.failed.length)} without (listed below)` : ""}. A point is on the front when no other is better on one of the two chosen metrics without being worse on the other. Click a point, or a row of the table, for the command that reproduces it.`));

  const pair = kFavourites.find(([x, y]) => names.includes(x) && names.includes(y)) ?? [names[0], names[1] ?? names[0]];
  const choose = (label, chosen, options, show) => {
    const select = element("select", { id: `choose-${label}`, onchange: update }, options.map((name) => element("option", { value: name, selected: name === chosen }, show(name))));
    return select;
  };
  const with_unit = (name) => metric_title(name, metrics);
  const x = choose("x", pair[0], names, with_unit), y = choose("y", pair[1], names, with_unit);
  const color = choose("color", sweep.settings.find((key) => key === "recipe" || key === "array.rows") ?? "", ["", ...sweep.settings], (name) => name || "one colour");
  section.append(element("div", { class: "controls" }, element("label", {}, "Across ", x), element("label", {}, "Up ", y), element("label", {}, "Colour by ", color)));

  const place = element("div"), command = element("p", { id: "command", role: "status" }, "No point is chosen."), table_place = element("div");
  section.append(place, command, table_place);
  const pick = (i) => {
    command.replaceChildren(`${settings_text(points[i])}: `, element("code", {}, points[i].command));
    table_place.querySelectorAll("tr.marked").forEach((row) => row.classList.remove("marked"));
    table_place.querySelector(`tr[data-point="${i}"]`)?.classList.add("marked");
  };
  const groups = () => [...new Set(points.map((point) => (color.value ? point.settings[color.value] ?? "–" : "points")))].sort(compare_texts);
  // Recipes often begin alike: what is cut off is numbered, or the legend would take them for one.
  const short_name = (group, g) => (group.length > 60 ? `${group.slice(0, 52)}... (${g + 1})` : group);
  const tooltip = (item) => {
    const point = points[item.data.point];
    return `${[x.value, y.value].map((name) => `${escaped(name)}: <b>${number_text(point.values[name], metrics[name].unit)}</b>`).join("<br>")}<br>${Object.entries(point.settings).map(([key, value]) => `${escaped(key)} = ${escaped(String(value).slice(0, 80))}`).join("<br>")}`;
  };
  let chart = null;
  function update() {
    const front = front_of(points, x.value, y.value, metrics);
    const at = (i) => ({ value: [points[i].values[x.value], points[i].values[y.value]], point: i });
    const has_both = (is, i) => is(points[i].values[x.value]) && is(points[i].values[y.value]);
    const known = points.map((_, i) => i).filter((i) => has_both(Number.isFinite, i));
    const beyond = points.filter((_, i) => has_both((value) => typeof value === "number", i)).length - known.length;
    const left_out = `${number_text(beyond)} points with an infinite value`;
    const is_wide = (name) => { const [low, high] = known.reduce(([a, b], i) => [Math.min(a, points[i].values[name]), Math.max(b, points[i].values[name])], [Infinity, -Infinity]); return low > 0 && high / low > 20; };
    const options = () => ({
      grid: { left: 34, right: 30, top: 56, bottom: 44, containLabel: true }, legend: {}, tooltip: { formatter: tooltip },
      xAxis: { type: is_wide(x.value) ? "log" : "value", scale: true, name: with_unit(x.value), nameLocation: "middle", nameGap: 30, axisLabel: { formatter: short_text } },
      yAxis: { type: is_wide(y.value) ? "log" : "value", scale: true, name: with_unit(y.value), nameLocation: "middle", nameGap: 52, axisLabel: { formatter: short_text } },
      series: [
        { name: "front", type: "line", step: "end", data: front.filter((i) => has_both(Number.isFinite, i)).map(at), symbol: "circle", symbolSize: 13, itemStyle: { color: "transparent", borderColor: color_of("--text"), borderWidth: 2 }, lineStyle: { color: color_of("--text"), width: 1.5 }, z: 5 },
        ...groups().map((group, g) => ({ name: short_name(group, g), type: "scatter", symbolSize: 8, itemStyle: { color: kColors[g % kColors.length], opacity: .75 }, large: false,
          data: known.filter((i) => (color.value ? points[i].settings[color.value] ?? "–" : "points") === group).map(at) })),
      ],
    });
    if (chart) {
      charts.splice(charts.indexOf(chart), 1);
      chart.handle.dispose();
    }
    place.replaceChildren();
    chart = add_chart(place, {
      height: 480, label: `${number_text(known.length)} points: ${with_unit(y.value)} against ${with_unit(x.value)}; ${front.length} on the front, listed in the table below${beyond ? `; ${left_out}` : ""}`,
      caption: beyond ? `Not drawn: ${left_out}.` : undefined,
      options, onclick: (item) => pick(item.data.point),
    });
    const columns = [{ title: x.value.replaceAll("_", " "), unit: metrics[x.value].unit === x.value ? "" : metrics[x.value].unit, help: metrics[x.value].origin, value: (i) => points[i].values[x.value] }, { title: y.value.replaceAll("_", " "), unit: metrics[y.value].unit, help: metrics[y.value].origin, value: (i) => points[i].values[y.value] },
      { title: "command", text: true, value: (i) => points[i].command, show: (value, i) => element("button", { type: "button", onclick: () => pick(i), "aria-label": `Show the command of ${settings_text(points[i])}` }, "show") },
      ...sweep.settings.map((key) => ({ title: key, text: true, value: (i) => points[i].settings[key], show: (value) => String(value ?? "–") }))];
    table_place.replaceChildren(make_table(`The front: ${front.length} points, best ${x.value} first`, columns, front, (i) => ({ "data-point": i })));
  }
  update();

  const all = add_section("points", "All points");
  all.append(in_details(`${number_text(points.length)} points`, make_table("Every point", [
    ...sweep.settings.map((key) => ({ title: key, text: true, value: (point) => point.settings[key], show: (value) => String(value ?? "–") })),
    ...["cycles", "top1", "energy_uj", "area_mm2", "utilization", "dram_read_bytes"].filter((name) => names.includes(name)).map((name) => ({ title: name.replaceAll("_", " "), unit: metrics[name].unit, help: metrics[name].origin, value: (point) => point.values[name] })),
    { title: "command", text: true, value: (point) => point.command, show: (value) => element("code", {}, value) }], points)));
  if (sweep.failed.length) {
    add_section("failed", "Points without a result").append(make_table("Why they have none", [
      { title: "message", text: true, value: (row) => row.message }, { title: "command", text: true, value: (row) => row.command, show: (value) => element("code", {}, value) }], sweep.failed));
  }
  add_section("fixed", "What all points share").append(make_table("Settings with one value", [
    { title: "key", text: true, value: (key) => key }, { title: "value", text: true, value: (key) => sweep.fixed[key] }], Object.keys(sweep.fixed)));
}
