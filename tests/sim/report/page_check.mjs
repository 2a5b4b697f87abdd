// Opens a report in headless Chromium and uses it as people do. Prints what is wrong, one line each.
//   node page_check.mjs PAGE_FOLDER PAGE.html runs|sweep [X Y POINTS]
// POINTS are on the front of the metrics X and Y, by the tool, some with an infinite value.
// PAGE_FOLDER has playwright-core in its node_modules.
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const [folder, file, kind, x, y, points] = process.argv.slice(2);
const { chromium } = createRequire(`${folder}/package.json`)("playwright-core");
const wrong = [];
const expect = (condition, what) => { if (!condition) wrong.push(what); };

const browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: ["--no-sandbox"] });
for (const scheme of ["light", "dark"]) {
  const page = await browser.newPage({ viewport: { width: 1100, height: 800 }, colorScheme: scheme });
  page.on("pageerror", (error) => wrong.push(`script error: ${error.message}`));
  page.on("request", (request) => expect(request.url().startsWith("file:") || request.url().startsWith("data:"), `loads ${request.url()}`));
  await page.goto(pathToFileURL(file).href);

  // By the keyboard, before anything is clicked: the skip link comes first.
  await page.keyboard.press("Tab");
  expect(await page.evaluate(() => document.activeElement.matches(".skip")), "the skip link does not come first");

  expect((await page.getAttribute("html", "data-theme")) === scheme, `${scheme}: the theme is not the system's`);
  await page.click("#theme");
  expect((await page.getAttribute("html", "data-theme")) !== scheme, `${scheme}: the button does not change the theme`);

  const charts = await page.$$eval(".chart", (boxes) => boxes.map((box) => ({ role: box.getAttribute("role"), label: box.getAttribute("aria-label"), shapes: box.querySelectorAll("svg path").length })));
  expect(charts.length >= (kind === "sweep" ? 1 : 2), `${charts.length} charts`);
  for (const chart of charts) {
    expect(chart.role === "img" && chart.label.length > 20, "a chart has no name for screen readers");
    expect(chart.shapes > 5, `chart "${chart.label}" is empty`);
  }
  expect((await page.title()).startsWith("qsim: "), "the window has no title");
  expect((await page.$$("h1")).length === 1, "not one h1");
  const links = await page.$$eval("nav a", (list) => list.filter((a) => !document.querySelector(a.getAttribute("href"))).length);
  expect(links === 0, "the contents lead nowhere");

  // Headings sort by the keyboard.
  const head = await page.$("thead button");
  if (head && await head.isVisible()) {
    await head.focus();
    await page.keyboard.press("Enter");
    expect((await page.$$("th[aria-sort]")).length === 1, "a heading does not sort by Enter");
  }
  if (kind === "sweep") {
    await page.focus("#front tbody button");
    await page.keyboard.press("Enter");
    expect((await page.textContent("#command")).includes("qsim run"), "a row of the front shows no command");
    const settings = await page.$$eval("#choose-color option", (options) => options.map((option) => option.value));
    for (const setting of settings) {
      await page.selectOption("#choose-color", setting);
      const series = await page.evaluate(() => charts[0].handle.getOption().series.map((one) => one.name));
      expect(new Set(series).size === series.length, `colours by ${setting || "nothing"}: two groups have one name`);
    }
    if (settings.includes("array.rows")) {
      await page.click("#points summary");
      await page.click('#points thead button:text-is("array.rows")');
      const rows = await page.$$eval("#points tbody tr", (list, at) => list.map((row) => Number(row.children[at].textContent)), settings.indexOf("array.rows") - 1);
      expect(rows.every((value, i) => i === 0 || value <= rows[i - 1]), `array.rows is not sorted by size: ${rows}`);
    }
    const before = await page.textContent("#front caption");
    await page.selectOption("#choose-y", "pes");
    expect((await page.textContent("#front caption")) !== before || (await page.textContent("#front thead")).includes("pes"), "choosing a metric changes nothing");
    if (points) {
      await page.selectOption("#choose-x", x);
      await page.selectOption("#choose-y", y);
      const caption = await page.textContent("#front caption");
      expect(caption.startsWith(`The front: ${points} points`), `${x}, ${y}: "${caption}" for ${points} points`);
      expect((await page.textContent("#front tbody")).includes("infinite"), `${x}, ${y}: the front's table has no infinite value`);
      expect((await page.getAttribute("#front .chart", "aria-label")).includes("infinite"), `${x}, ${y}: the chart does not say what it leaves out`);
    }
  } else {
    const text = await page.textContent("#cycles table");
    expect(text.includes("useful") && text.includes("weight load"), "the account's table lacks states");
    const energy = await page.textContent("#energy table");
    expect(energy.includes("MAC array") && energy.includes("leakage") && !energy.includes("low"), "the energy's table is not that of the components");
    expect((await page.textContent("#summary")).includes("Energy"), "the summary has no energy");
    const rows = await page.$$eval("#layers table", (tables) => tables[0].querySelectorAll("tbody tr").length);
    expect(rows > 3, `${rows} layers`);
  }
  await page.close();
}
await browser.close();
for (const line of new Set(wrong)) console.log(line);
process.exitCode = wrong.length ? 1 : 0;
