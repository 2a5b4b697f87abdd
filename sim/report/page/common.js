// Elements, numbers, tables and charts: what both kinds of page are made of.

const kData = JSON.parse(document.getElementById("data").textContent);

// Okabe and Ito's colours, told apart by most colour-blind eyes, and patterns on top of them.
const kColors = ["#0072b2", "#e69f00", "#009e73", "#d55e00", "#cc79a7", "#56b4e9", "#b8a800", "#7f7f7f", "#6a51a3", "#a6761d", "#8c2d04", "#444444"];

function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else if (value !== undefined && value !== null && value !== false) made.setAttribute(name, value === true ? "" : value);
  }
  for (const child of children.flat()) if (child !== undefined && child !== null) made.append(child);
  return made;
}

// 1234567.8 -> "1,234,568"; small numbers keep three significant digits.
function number_text(value, unit = "") {
  if (value === null || value === undefined) return "–";
  if (typeof value !== "number") return String(value);
  if (!Number.isFinite(value)) return value > 0 ? "infinite" : "-infinite";
  const size = Math.abs(value);
  const text = Number.isInteger(value) || size >= 1000
    ? Math.round(value).toLocaleString("en")
    : value.toLocaleString("en", size >= 1 ? { maximumFractionDigits: 2 } : { maximumSignificantDigits: 3 });
  return unit ? `${text} ${unit}` : text;
}

// Axis labels: 1500000 -> "1.5 M".
function short_text(value) {
  const size = Math.abs(value);
  for (const [limit, suffix] of [[1e12, " T"], [1e9, " G"], [1e6, " M"], [1e3, " k"]]) {
    if (size >= limit) return `${+(value / limit).toPrecision(3)}${suffix}`;
  }
  return `${+value.toPrecision(3)}`;
}

// A section with a heading and an entry in the contents; children are added by the caller.
function add_section(id, heading, ...children) {
  document.getElementById("contents").append(element("li", {}, element("a", { href: `#${id}` }, heading)));
  const section = element("section", { id, "aria-labelledby": `${id}-heading` }, element("h2", { id: `${id}-heading` }, heading), children);
  document.getElementById("main").append(section);
  return section;
}

// Numbers in texts by their size: "8x8" before "16x16".
function compare_texts(a, b) { return String(a).localeCompare(String(b), "en", { numeric: true }); }

// columns: {title, unit, text: is left-aligned, value(row), show(value), help}. A click on a heading sorts.
function make_table(caption, columns, rows, row_attributes = () => ({})) {
  const body = element("tbody");
  const fill = (sorted) => {
    body.replaceChildren(...sorted.map((row) => element("tr", row_attributes(row), columns.map((column, i) => {
      const shown = column.show ? column.show(column.value(row), row) : number_text(column.value(row));
      return element(i === 0 ? "th" : "td", { class: column.text ? "text" : undefined, scope: i === 0 ? "row" : undefined }, shown);
    }))));
  };
  const heads = columns.map((column) => {
    const head = element("th", { scope: "col", class: column.text ? "text" : undefined, title: column.help },
      element("button", { type: "button", onclick: () => sort_by(column, head) }, column.title + (column.unit ? `, ${column.unit}` : "")));
    return head;
  });
  const sort_by = (column, head) => {
    const falling = head.getAttribute("aria-sort") !== "descending";
    heads.forEach((other) => other.removeAttribute("aria-sort"));
    head.setAttribute("aria-sort", falling ? "descending" : "ascending");
    const order = (a, b) => {
      const [x, y] = [column.value(a), column.value(b)];
      if (x === null || x === undefined) return 1;
      if (y === null || y === undefined) return -1;
      const rise = typeof x === "number" && typeof y === "number" ? (x < y ? -1 : x > y ? 1 : 0) : compare_texts(x, y);
      return rise * (falling ? -1 : 1);
    };
    fill([...rows].sort(order));
  };
  fill(rows);
  const table = element("table", {}, element("caption", {}, caption), element("thead", {}, element("tr", {}, heads)), body);
  return element("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": caption }, table);
}

function in_details(summary, ...content) {
  return element("details", {}, element("summary", {}, summary), content);
}

// A chart that follows the theme and the width. `options()` gives ECharts its options anew each time;
// `label` says in words what it shows, `table` holds the same numbers for those who cannot see it.
const charts = [];
function add_chart(parent, { height, label, caption, options, table, onclick }) {
  const box = element("div", { class: "chart", role: "img", "aria-label": label, style: `height:${height}px` });
  parent.append(element("figure", {}, box, caption ? element("figcaption", {}, caption) : null), table ? in_details("The same as a table", table) : "");
  const chart = { box, options, handle: null, onclick };
  charts.push(chart);
  draw(chart);
  return chart;
}

function is_dark() { return document.documentElement.dataset.theme === "dark"; }
function color_of(name) { return getComputedStyle(document.documentElement).getPropertyValue(name).trim(); }

function draw(chart) {
  if (chart.handle) chart.handle.dispose();
  chart.handle = echarts.init(chart.box, null, { renderer: "svg" });
  const text = color_of("--text"), line = color_of("--line");
  const axis = (given) => given && {
    nameTextStyle: { color: text }, axisLabel: { color: text, ...given.axisLabel }, axisLine: { lineStyle: { color: line } },
    splitLine: { lineStyle: { color: line, opacity: .6 } }, ...Object.fromEntries(Object.entries(given).filter(([key]) => key !== "axisLabel")),
  };
  const given = chart.options();
  chart.handle.setOption({
    animation: false, backgroundColor: "transparent", color: kColors, textStyle: { color: text, fontFamily: "DejaVu Sans, system-ui, sans-serif" },
    ...given,
    aria: { enabled: true, decal: { show: true }, label: { enabled: false } },
    legend: given.legend && { type: "scroll", top: 0, textStyle: { color: text }, pageTextStyle: { color: text }, ...given.legend },
    tooltip: { backgroundColor: color_of("--panel"), borderColor: line, textStyle: { color: text }, confine: true, ...given.tooltip },
    xAxis: axis(given.xAxis), yAxis: axis(given.yAxis),
  });
  if (chart.onclick) chart.handle.on("click", chart.onclick);
}

function set_theme(dark) {
  document.documentElement.dataset.theme = dark ? "dark" : "light";
  const button = document.getElementById("theme");
  button.setAttribute("aria-pressed", String(dark));
  charts.forEach(draw);
}

function start_page(title) {
  document.getElementById("title").textContent = title;
  const wish = matchMedia("(prefers-color-scheme: dark)");
  set_theme(wish.matches);
  wish.addEventListener("change", (event) => set_theme(event.matches));
  document.getElementById("theme").addEventListener("click", () => set_theme(!is_dark()));
  let timer = 0;
  addEventListener("resize", () => { clearTimeout(timer); timer = setTimeout(() => charts.forEach((chart) => chart.handle.resize()), 100); });
}

// Names from files go into tooltips, which are HTML.
function escaped(text) {
  return String(text).replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`);
}
