// The page of one run, or of two beside each other. kData.runs: reports as `qsim run --json` writes them.

const kRuns = kData.runs ?? [];
const kNames = kRuns.length > 1 ? ["A", "B"] : [""];

function of_run(i) { return kNames[i] ? ` (${kNames[i]})` : ""; }
// The file's name says more than the graph's, which exporters choose.
function model_of(run) { return run.manifest.model.path.split("/").pop().replace(/\.(onnx|qprog)$/, ""); }
function pes_of(run) { return run.machine["array.rows"] * run.machine["array.cols"]; }
function keys_ending(run, ending) { return Object.keys(run.columns).filter((key) => key.endsWith(ending)); }
// Of a run that has the column: one without a timed engine lacks most.
function column_of(key) { return kRuns.find((run) => run.columns[key])?.columns[key]; }
function title_of(key) { return key.replace(/_(pe_cycles|pj|nj|uj|bytes)$/, "").replaceAll("_", " "); }

// Layers of both runs in the order of the first, then those that only the second has.
function layer_names() {
  const names = kRuns[0].layers.map((layer) => layer.name);
  for (const run of kRuns.slice(1)) for (const layer of run.layers) if (!names.includes(layer.name)) names.push(layer.name);
  return names;
}
function layer_of(run, name) { return run.layers.find((layer) => layer.name === name); }

function summarize() {
  const section = add_section("summary", "Summary");
  kRuns.forEach((run, i) => {
    const cards = element("div", { class: "cards" });
    const card = (title, value, note) => cards.append(element("div", { class: "card" }, element("span", {}, title), element("b", {}, value), element("span", {}, note)));
    const figures = run.figures;
    const show = (key, title) => {
      const figure = figures[key];
      if (figure && figure.value !== null) card(title, number_text(figure.value, figure.unit), figure.origin);
    };
    show("cycles", "Cycles"); show("time_ms", "Time"); show("utilization", "Utilization");
    show("energy_uj", "Energy"); show("power_mw", "Average power"); show("area_mm2", "Area"); show("dram_bytes", "DRAM footprint");
    if (run.accuracy && run.accuracy.top1 !== null) {
      const real = run.accuracy.float_top1;
      card("Top-1", number_text(100 * run.accuracy.top1, "%"), `${number_text(run.accuracy.scored_samples)} samples${real === null ? "" : `, float ${number_text(100 * real, "%")}`}`);
    }
    section.append(element("p", {}, `${kNames[i] ? `${kNames[i]}: ` : ""}${model_of(run)} on ${run.machine.name}: ${run.machine["array.rows"]}x${run.machine["array.cols"]} PEs, ${run.machine["array.dataflow"]}. Reproduce with `, element("code", {}, run.manifest.command)), cards);
  });
  const keys = [...new Set(kRuns.flatMap((run) => Object.keys(run.figures)))];
  const columns = [{ title: "figure", text: true, value: (key) => key.replaceAll("_", " ") }];
  kRuns.forEach((run, i) => columns.push({ title: kNames[i] || "value", value: (key) => run.figures[key]?.value, show: (value, key) => number_text(value, run.figures[key]?.unit) }));
  if (kRuns.length > 1) columns.push({ title: "B / A", value: ratio_of, show: (value) => (value === null ? "–" : value.toFixed(3)) });
  columns.push({ title: "origin", text: true, value: (key) => first_of(key).origin }, { title: "note", text: true, value: (key) => first_of(key).note ?? "" });
  section.append(in_details("All figures", make_table("Figures of the run: measured by an engine, derived from what was measured, or resting on an assumption", columns, keys)));
}
function first_of(key) { return kRuns.find((run) => run.figures[key]).figures[key]; }
function ratio_of(key) {
  const [a, b] = kRuns.map((run) => run.figures[key]?.value);
  return typeof a === "number" && typeof b === "number" && a !== 0 ? b / a : null;
}

// A bar for each layer, stacked by `parts` ({key, title, help}); with two runs two bars.
function layer_bars(section, { parts, value, unit, label, caption }) {
  const names = layer_names();
  let as_share = false;
  const sum = (run, name) => parts.reduce((total, part) => total + (value(run, name, part.key) ?? 0), 0);
  const series = () => kRuns.flatMap((run, i) => parts.map((part, p) => ({
    name: part.title, type: "bar", stack: `run ${i}`, barMaxWidth: 18, itemStyle: { color: kColors[p % kColors.length] },
    data: names.map((name) => {
      const raw = value(run, name, part.key) ?? 0, whole = sum(run, name);
      return as_share ? (whole ? 100 * raw / whole : 0) : raw;
    }),
  })));
  const tooltip = (items) => {
    const name = names[items[0].dataIndex];
    return kRuns.map((run, i) => `<b>${escaped(name)}${of_run(i)}</b>: ${number_text(sum(run, name), unit)}<br>${parts.filter((part) => value(run, name, part.key)).map((part) => `${escaped(part.title)}: ${number_text(value(run, name, part.key))} (${number_text(100 * value(run, name, part.key) / sum(run, name))} %)`).join("<br>")}`).join("<br>");
  };
  const rows = names.flatMap((name) => kRuns.map((run, i) => ({ name, run, label: name + of_run(i) })));
  const table = make_table(label, [{ title: "layer", text: true, value: (row) => row.label }, { title: "all", unit, value: (row) => sum(row.run, row.name) },
    ...parts.map((part) => ({ title: part.title, help: part.help, value: (row) => value(row.run, row.name, part.key) }))], rows);
  const button = element("button", { type: "button", "aria-pressed": "false", onclick: () => { as_share = !as_share; button.setAttribute("aria-pressed", String(as_share)); draw(chart); } }, "Shares of each layer");
  section.append(element("div", { class: "controls" }, button));
  const chart = add_chart(section, {
    height: Math.max(200, names.length * kRuns.length * 20 + 110), label, caption, table,
    options: () => ({
      grid: { left: 8, right: 24, top: 64, bottom: 34, containLabel: true }, legend: { type: "plain", data: parts.map((part) => part.title) },
      tooltip: { trigger: "axis", axisPointer: { type: "shadow" }, formatter: tooltip },
      xAxis: { type: "value", max: as_share ? 100 : undefined, name: as_share ? "%" : unit, nameLocation: "middle", nameGap: 28, axisLabel: { formatter: short_text } },
      yAxis: { type: "category", data: names, inverse: true, axisLabel: { interval: 0, width: 220, overflow: "truncate" } },
      series: series(),
    }),
  });
}

function show_cycles() {
  const states = [...new Set(kRuns.flatMap((run) => keys_ending(run, "_pe_cycles")))];
  if (!states.length) return;
  const section = add_section("cycles", "Where the cycles go",
    element("p", {}, "Every cycle of every processing element belongs to one layer and one state; the bars of all layers add up to the run. What each state means is said in the table below the chart."));
  const parts = states.map((key) => ({ key, title: title_of(key), help: column_of(key).meaning }));
  layer_bars(section, {
    parts, unit: "cycles", value: (run, name, key) => { const layer = layer_of(run, name); return typeof layer?.[key] === "number" ? layer[key] / pes_of(run) : null; },
    label: "Cycles of each layer by state", caption: `One layer's bar is its cycles, split in the shares of the array's elements that were in each state.${kRuns.length > 1 ? " The upper bar is A, the lower one B." : ""}`,
  });
  section.append(in_details("What the states mean", element("dl", {}, parts.flatMap((part) => [element("dt", {}, element("b", {}, part.title)), element("dd", {}, part.help)]))));
}

function roof_points(run) {
  return run.layers.filter((layer) => layer.macs > 0 && layer.cycles > 0).map((layer) => {
    const bytes = (layer.dram_read_bytes ?? 0) + (layer.dram_write_bytes ?? 0);
    return { name: layer.name, bytes, intensity: bytes ? layer.macs / bytes : null, rate: layer.macs / layer.cycles, peak: layer.peak_macs_per_cycle };
  });
}

function show_roofline() {
  const points = kRuns.map(roof_points);
  const intensities = points.flat().map((point) => point.intensity).filter((x) => x !== null);
  if (!intensities.length) return;
  const section = add_section("roofline", "Roofline");
  const most = 4 * Math.max(...intensities), least = Math.min(...intensities) / 2;
  const roof = (run, peak) => {
    const speed = run.figures.memory_peak_bytes_per_cycle.value;
    const knee = speed ? peak / speed : least;
    return knee <= least ? [[least, peak], [most, peak]] : [[least, least * speed], [knee, peak], [most, peak]];
  };
  const peak_of = (run, i) => Math.max(pes_of(run), ...points[i].map((point) => point.peak ?? 0));
  add_chart(section, {
    height: 420, label: "Roofline: multiply-accumulates a cycle against multiply-accumulates per byte of memory traffic",
    caption: "The line is what the array and the memory allow; a point is a layer. Points near the slope wait for memory, points near the flat part use the array well, points far below both lose cycles to other states. A layer whose weights came while the one before it still computed can stand above the slope. Layers without memory traffic stand at the right edge.",
    table: make_table("Roofline points", [{ title: "layer", text: true, value: (row) => row.label }, { title: "MACs per byte", value: (row) => row.intensity, show: (value) => (value === null ? "no traffic" : number_text(value)) }, { title: "MACs per cycle", value: (row) => row.rate }],
      points.flatMap((list, i) => list.map((point) => ({ ...point, label: point.name + of_run(i) })))),
    options: () => ({
      grid: { left: 30, right: 24, top: 50, bottom: 40, containLabel: true }, legend: {},
      tooltip: { formatter: (item) => item.data.layer ? `<b>${escaped(item.data.layer)}</b><br>${number_text(item.data.value[1])} MACs/cycle<br>${item.data.no_traffic ? "no memory traffic" : `${number_text(item.data.value[0])} MACs/byte`}` : "" },
      xAxis: { type: "log", name: "MACs per byte of memory traffic", nameLocation: "middle", nameGap: 28, min: least, max: most, axisLabel: { formatter: short_text, showMinLabel: false, showMaxLabel: false } },
      yAxis: { type: "log", name: "MACs per cycle", nameLocation: "middle", nameGap: 46, axisLabel: { formatter: short_text } },
      series: kRuns.flatMap((run, i) => (!points[i].length ? [] : [
        { name: `roof${of_run(i)}`, type: "line", data: roof(run, peak_of(run, i)), showSymbol: false, silent: true, lineStyle: { width: 2, type: i ? "dashed" : "solid" }, itemStyle: { color: kColors[7] } },
        { name: `layers${of_run(i)}`, type: "scatter", symbolSize: 11, symbol: i ? "diamond" : "circle", itemStyle: { color: kColors[i] }, emphasis: { label: { show: true, formatter: (item) => item.data.layer, position: "top" } },
          data: points[i].map((point) => ({ value: [point.intensity ?? most, point.rate], layer: point.name, no_traffic: point.intensity === null })) }])),
    }),
  });
}

function show_energy() {
  const priced = kRuns.filter((run) => Object.keys(run.energy?.components ?? {}).length);
  const components = priced[0]?.energy.components ?? {};
  const parts = Object.keys(components).map((name) => `energy_${name}_nj`);
  if (!parts.length) return;
  const part_title = (key) => components[key.replace(/^energy_(.*)_nj$/, "$1")].title;
  const section = add_section("energy", "Energy", element("p", {}, `Prices: ${priced.map((run) => `${run.energy.technology}${of_run(kRuns.indexOf(run))}`).join(", ")}. Each part is a counter times a price; where the price comes from stands in the figures and in docs/user/energy.md.`));
  layer_bars(section, {
    parts: parts.map((key) => ({ key, title: part_title(key), help: column_of(key).meaning })),
    unit: column_of(parts[0]).unit, value: (run, name, key) => layer_of(run, name)?.[key] ?? null, label: "Energy of each layer by component", caption: "",
  });
}

function show_traffic() {
  const parts = ["dram_read_bytes", "dram_write_bytes"].map((key) => ({ key, title: key === "dram_read_bytes" ? "read" : "written", help: column_of(key)?.meaning }));
  if (!kRuns.some((run) => run.layers.some((layer) => layer.dram_read_bytes))) return;
  const section = add_section("traffic", "Memory traffic");
  layer_bars(section, {
    parts, unit: "bytes", value: (run, name, key) => layer_of(run, name)?.[key] ?? null,
    label: "External memory traffic of each layer", caption: "Weights, parameters and feature maps that do not stay in the buffers. Instructions are counted in the figures.",
  });
}

function show_layers() {
  const section = add_section("layers", "Layers");
  kRuns.forEach((run, i) => {
    const numbers = Object.keys(run.columns);
    section.append(make_table(`Every number of every layer${of_run(i)}; click a heading to sort`, [
      { title: "layer", text: true, value: (layer) => layer.name }, { title: "operator", text: true, value: (layer) => layer.op }, { title: "on", text: true, value: (layer) => layer.place },
      { title: "output", text: true, value: (layer) => layer.output.join("x") },
      ...numbers.map((key) => ({ title: key.replaceAll("_", " "), help: `${run.columns[key].meaning} (${run.columns[key].unit}, ${run.columns[key].origin})`, value: (layer) => layer[key] }))], run.layers));
  });
}

function show_machine() {
  const section = add_section("machine", "Machine and origin");
  const keys = Object.keys(kRuns[0].machine);
  section.append(make_table("Every parameter of the machine", [{ title: "key", text: true, value: (key) => key },
    ...kRuns.map((run, i) => ({ title: kNames[i] || "value", text: true, value: (key) => run.machine[key], show: (value) => String(value ?? "–") }))], keys,
    (key) => (kRuns.length > 1 && kRuns[0].machine[key] !== kRuns[1].machine[key] ? { class: "marked" } : {})));
  kRuns.forEach((run, i) => {
    const files = ["model", "data", "calibration", "recipe", "prices"].filter((key) => run.manifest[key]);
    section.append(element("p", {}, `Made${of_run(i)} by ${run.manifest.tool} ${run.manifest.version}, engine ${run.manifest.engine ?? run.manifest.value_engine}. ${run.coverage.text}`),
      element("ul", {}, files.map((key) => element("li", {}, `${key}: ${run.manifest[key].path}, SHA-256 `, element("code", {}, run.manifest[key].sha256)))));
  });
  section.append(element("h3", {}, "Not modelled"), element("ul", {}, [...new Set(kRuns.flatMap((run) => run.not_modelled))].map((text) => element("li", {}, text))));
}

function show_runs() {
  start_page(kRuns.map((run, i) => `${model_of(run)} on ${run.machine.name}${of_run(i)}`).join(" beside "));
  summarize(); show_cycles(); show_roofline(); show_energy(); show_traffic(); show_layers(); show_machine();
}
