// What a report must do in a browser. Each check throws with what it found; all run, then the count is
// printed and the exit code says whether any failed. Screenshots are left beside the report.
import { strict as assert } from "node:assert";
import { dirname, join } from "node:path";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import { chromium } from "playwright-core";

const AXE = createRequire(import.meta.url).resolve("axe-core/axe.min.js");
const DESKTOP = { width: 1280, height: 900 };
const PHONE = { width: 390, height: 844 };
const QUIET = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
  "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage"];

let failures = 0;
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: QUIET });
for (const report of process.argv.slice(2)) await checkReport(report);
await browser.close();
process.exit(failures ? 1 : 0);

async function checkReport(report) {
  const url = pathToFileURL(report).href;
  console.log(report);
  const checks = { loadsQuietly, hasAnswersWithoutScript, sorts, filters, filtersByProperty, linksToAView, keepsTheViewOnTheWay,
    hasNoBrokenAnchor, isAccessible, fits, prints };
  for (const [name, check] of Object.entries(checks)) {
    const began = performance.now();
    try {
      await check(url, dirname(report));
      console.log(`  ok    ${name} (${Math.round(performance.now() - began)} ms)`);
    } catch (error) {
      failures += 1;
      console.log(`  FAIL  ${name}: ${error.message}`);
    }
  }
}

// A page, and what it said and asked for, in a context of its own.
async function opened(url, options, look) {
  const context = await browser.newContext({ viewport: DESKTOP, ...options });
  try {
    const page = await context.newPage();
    page.said = [];
    page.asked = [];
    page.on("console", (message) => page.said.push(`${message.type()}: ${message.text()}`));
    page.on("pageerror", (error) => page.said.push(`error: ${error.message}`));
    page.on("request", (request) => page.asked.push(request.url()));
    await page.goto(url);
    return await look(page);
  } finally {
    await context.close();
  }
}

function texts(page, selector) {
  return page.locator(selector).allTextContents();
}

function shownStrategies(page) {
  return page.locator(".card:not([hidden])").count();
}

async function loadsQuietly(url) {
  await opened(url, {}, async (page) => {
    await page.waitForLoadState("networkidle");
    assert.deepEqual(page.said, [], "the page said something");
    assert.deepEqual(page.asked, [url], "the page asked for more than itself");
  });
}

async function hasAnswersWithoutScript(url) {
  await opened(url, { javaScriptEnabled: false }, async (page) => {
    const questions = await texts(page, ".answer h3");
    for (const one of ["How sure", "How to repeat it"]) {
      assert.ok(questions.includes(one), `no answer to: ${one}`);
    }
    const end = await page.locator(".answer > h3").last().evaluate((answer) => answer.getBoundingClientRect().bottom);
    assert.ok(end <= 2 * DESKTOP.height, `the answers end at ${end} px, below the second screen`);
    const choices = page.getByRole("table", { name: /^What to use instead of/ });
    assert.ok(await choices.locator("tbody tr").count() >= 2, "fewer than two situations have an answer");
    const table = page.getByRole("table", { name: /^Verdict per pivot/ });
    assert.ok(await table.locator("tbody tr").count() >= 2, "fewer than two pivots have a verdict");
    assert.ok(await table.locator("tbody .verdict").count() > 0, "no verdict");
    assert.ok(await page.locator("#report-table ~ .scroll tbody tr").count() > 2, "no headline table");
    assert.equal(await page.locator("thead button").count(), 0, "buttons that do nothing");
  });
}

// A column of ratios, as numbers.
async function column(page, index) {
  const cells = await texts(page, `section[aria-labelledby=report-table] table:first-of-type tbody tr:not([hidden]) td:nth-of-type(${index}):not(.absent) .lead`);
  return cells.map((text) => Number.parseFloat(text.replaceAll(",", ""))).filter((value) => !Number.isNaN(value));
}

// The first column that is made of ratios: there are others before it where a report is of several machines.
async function columnOfRatios(page) {
  const columns = await page.locator("section[aria-labelledby=report-table] table:first-of-type thead th").count();
  const rows = await page.locator("section[aria-labelledby=report-table] table:first-of-type tbody tr td:nth-of-type(1)").count();
  for (let index = 1; index < columns; index += 1) {
    if ((await column(page, index)).length > rows / 2) return index;
  }
  throw new Error(`none of ${columns} columns is made of ratios`);
}

async function sorts(url) {
  await opened(url, {}, async (page) => {
    const index = await columnOfRatios(page);
    const head = page.locator("section[aria-labelledby=report-table] thead th").nth(index);
    const before = await column(page, index);
    const sorted = (direction) => [...before].sort((a, b) => direction * (a - b));
    assert.notDeepEqual(before, sorted(-1), "the column is sorted from the start, so this shows nothing");
    await head.getByRole("button").focus();
    await page.keyboard.press("Enter");
    assert.equal(await head.getAttribute("aria-sort"), "descending");
    assert.deepEqual(await column(page, index), sorted(-1));
    assert.match(page.url(), new RegExp(`sort=report-table-1\\.${index}\\.descending`));
    await page.keyboard.press("Space");
    assert.equal(await head.getAttribute("aria-sort"), "ascending");
    assert.deepEqual(await column(page, index), sorted(1));
    await page.keyboard.press("Space");
    assert.equal(await head.getAttribute("aria-sort"), null);
    assert.deepEqual(await column(page, index), before);
  });
}

// What the drawings of a section show of single strategies, and how.
function layers(page, section) {
  return page.locator(`section[aria-labelledby=${section}] .plot g[data-strategy]`).evaluateAll((layers) =>
    layers.map((layer) => ({ strategy: layer.dataset.strategy, faded: Number(getComputedStyle(layer).opacity) < 1 })));
}

async function filters(url) {
  await opened(url, {}, async (page) => {
    const all = await shownStrategies(page);
    const name = await page.locator(".card").nth(1).getAttribute("data-strategy");
    await page.getByLabel("Strategy", { exact: true }).fill(name);
    const left = await shownStrategies(page);
    assert.ok(left >= 1 && left < all, `${left} of ${all} cards are left for ${name}`);
    const rows = await texts(page, "section[aria-labelledby=report-table] table:first-of-type tbody tr:not([hidden]) th[scope=row] a");
    assert.ok(rows.length > 0 && rows.every((row) => row.includes(name)), `rows for ${name}: ${rows}`);
    assert.match(await page.locator(".view [role=status]").textContent(), new RegExp(`^${left} of ${all} `));
    const cards = await page.locator(".card").evaluateAll((cards) => cards.map((card) => card.dataset.strategy));
    for (const section of ["report-table", "pareto", "probes"]) {
      // Controls have no card and are filtered nowhere: they are what the others are seen against.
      const drawn = (await layers(page, section)).filter(({ strategy }) => cards.includes(strategy));
      // A run of few strategies may have no such drawing.
      const wrong = drawn.filter((one) => one.faded === one.strategy.includes(name));
      assert.deepEqual(wrong, [], `in the drawings of ${section}, filtered by ${name}`);
      assert.ok(section !== "report-table" || drawn.some((one) => one.faded), "nothing is faded");
    }
    await page.getByRole("button", { name: "Show all" }).click();
    assert.equal(await shownStrategies(page), all);
    assert.equal(await page.locator(".plot .faded").count(), 0, "something stays faded");
  });
}

async function filtersByProperty(url) {
  await opened(url, {}, async (page) => {
    const all = await shownStrategies(page);
    await page.locator(".view summary").click();
    for (const [property, claim] of [["records", "plain data only"], ["read consistency", "linearizable"], ["reads allocate", "no"]]) {
      const group = page.locator(".view").getByRole("group", { name: property });
      // A run of few strategies may have one claim only, and so no choice.
      if (!await group.count()) continue;
      await group.getByLabel(claim, { exact: true }).check();
      const left = await page.locator(".card:not([hidden]) .properties").evaluateAll((cards) => cards.map((card) => card.textContent.replace(/\s+/g, " ")));
      assert.ok(left.length > 0 && left.length < all, `${left.length} of ${all} are left for ${property} ${claim}`);
      assert.ok(left.every((card) => card.includes(claim)), `a card without ${claim} is left`);
      await page.getByRole("button", { name: "Show all" }).click();
    }
  });
}

async function linksToAView(url) {
  const wanted = await opened(url, {}, async (page) => {
    const name = await page.locator(".card").nth(1).getAttribute("data-strategy");
    const state = new URLSearchParams({ strategy: name, sort: "report-table-1.2.ascending" });
    return { name, hash: `#registry?${state}` };
  });
  await opened(url + wanted.hash, {}, async (page) => {
    assert.equal(await page.getByLabel("Strategy", { exact: true }).inputValue(), wanted.name);
    const shown = await page.locator(".card:not([hidden])").evaluateAll((cards) => cards.map((card) => card.dataset.strategy));
    assert.ok(shown.length >= 1 && shown.every((one) => one.includes(wanted.name)), `cards: ${shown}`);
    const head = page.locator("section[aria-labelledby=report-table] thead th").nth(2);
    assert.equal(await head.getAttribute("aria-sort"), "ascending");
    const top = await page.locator("#registry").evaluate((head) => head.getBoundingClientRect().top);
    assert.ok(Math.abs(top) < DESKTOP.height / 2, `the section is ${top} px away`);
    assert.deepEqual(page.said, []);
  });
  // Nonsense is no error, and no view.
  await opened(`${url}#nowhere?sort=x.99.up&has=what&strategy=%3Cb%3E`, {}, async (page) => {
    assert.deepEqual(page.said, []);
    assert.equal(await shownStrategies(page), 0);
    assert.equal(await page.locator("[aria-sort]").count(), 0);
  });
}

async function keepsTheViewOnTheWay(url) {
  await opened(url, {}, async (page) => {
    const name = await page.locator(".card").nth(1).getAttribute("data-strategy");
    await page.getByLabel("Strategy", { exact: true }).fill(name);
    await page.locator("nav a[href='#guarantees']").click();
    assert.match(page.url(), /#guarantees\?strategy=/);
    const link = page.locator(`.view a`);
    assert.match(await link.getAttribute("href"), /^#guarantees\?strategy=/);
    await page.goBack();
    assert.equal(await page.getByLabel("Strategy", { exact: true }).inputValue(), name);
  });
}

async function hasNoBrokenAnchor(url) {
  await opened(url, { javaScriptEnabled: false }, async (page) => {
    const broken = await page.evaluate(() => [...document.querySelectorAll("a[href^='#']")]
      .map((link) => link.getAttribute("href").slice(1)).filter((id) => !document.getElementById(id)));
    assert.deepEqual(broken, [], "links that lead nowhere");
    const ids = await page.evaluate(() => [...document.querySelectorAll("[id]")].map((node) => node.id));
    assert.equal(new Set(ids).size, ids.length, "an id stands twice");
  });
}

// Each rule where its answer may differ: the colours in both schemes, the layout at both widths. Of what there
// is very often, in a part of the page that has all of it: axe takes milliseconds for one text's contrast.
async function isAccessible(url) {
  const contrast = "color-contrast";
  const colours = ["[data-look]", { runOnly: [contrast] }];
  const others = ["html", { rules: { [contrast]: { enabled: false } } }];
  const looks = [
    { options: { colorScheme: "light" }, runs: [colours, others] },
    { options: { colorScheme: "dark" }, runs: [colours] },
    { options: { viewport: PHONE }, runs: [others] },
  ];
  for (const { options, runs } of looks) {
    await unfolded(url, options, async (page) => {
      const { looks, marked } = await page.evaluate(markLooks, "data-look");
      assert.ok(looks > 20 && marked > looks, `${marked} texts are marked for ${looks} looks`);
      await page.evaluate(thinOut, "[data-look]");
      for (const run of runs) await violatesNothing(page, run, JSON.stringify(options));
    });
  }
}

// Folded pages are looked into, too.
function unfolded(url, options, look) {
  return opened(url, options, async (page) => {
    await page.evaluate(() => { for (const one of document.querySelectorAll("details")) one.open = true; });
    await page.addScriptTag({ path: AXE });
    await look(page);
  });
}

async function violatesNothing(page, run, told) {
  const found = await page.evaluate(([where, run]) => axe.run(where, { resultTypes: ["violations"], preload: false, ...run }), run);
  assert.ok(found.passes.length > 0, "no rule was applied");
  const grave = found.violations.filter(({ impact }) => impact === "serious" || impact === "critical");
  assert.deepEqual(grave.map(({ id, nodes }) => `${id} (${nodes.length}, such as ${nodes[0].html.slice(0, 160)}: ${nodes[0].failureSummary})`), [], told);
}

// In the page. Marks a few texts of each look: of ten thousand all but some fifty look like another, in element,
// colour, size and weight, and in all grounds behind them.
function markLooks(mark) {
  const EACH = 3;
  const behind = new Map([[null, ""]]);
  const grounds = (node) => {
    if (!behind.has(node)) {
      const { backgroundColor, backgroundImage, opacity, position } = getComputedStyle(node);
      behind.set(node, `${grounds(node.parentElement)}/${backgroundColor} ${backgroundImage} ${opacity} ${position}`.replaceAll("/rgba(0, 0, 0, 0) none 1 static", ""));
    }
    return behind.get(node);
  };
  const looks = new Map();
  for (const node of document.body.querySelectorAll(":not(script, style)")) {
    if (![...node.childNodes].some((child) => child.nodeType === Node.TEXT_NODE && child.data.trim())) continue;
    const { color, fill, fontSize, fontWeight, textShadow } = getComputedStyle(node);
    const look = [node.localName, color, fill, fontSize, fontWeight, textShadow, grounds(node)].join(" | ");
    looks.set(look, [...(looks.get(look) ?? []), node]);
  }
  const marked = [...looks.values()].flatMap((nodes) => [...nodes.slice(0, EACH - 1), nodes.at(-1)]);
  for (const node of marked) node.setAttribute(mark, "");
  return { looks: looks.size, marked: marked.length };
}

// In the page. Of neighbours that are built alike the first few stay, and what is to be kept: what a rule says of
// these it says of all.
function thinOut(kept) {
  const EACH = 3;
  const VALUES = ["role", "scope", "tabindex", "type"];
  const shape = (node) => {
    const built = new Map();
    const inside = [...node.children].map((child) => {
      const one = shape(child);
      built.set(one, (built.get(one) ?? 0) + 1);
      if (built.get(one) > EACH && !child.matches(kept) && !child.querySelector(kept)) child.remove();
      return one;
    });
    const attributes = [...node.attributes].map(({ name, value }) => (VALUES.includes(name) ? `${name}=${value}` : `${name}${value ? "" : "="}`));
    const own = [...node.childNodes].some((child) => child.nodeType === Node.TEXT_NODE && child.data.trim());
    return `${node.localName} ${node.getAttribute("class") ?? ""} ${attributes} ${own}(${[...new Set(inside)]})`;
  };
  shape(document.body);
}

async function fits(url, folder) {
  for (const [name, viewport] of [["phone", PHONE], ["desktop", DESKTOP]]) {
    await opened(url, { viewport, isMobile: viewport === PHONE, hasTouch: viewport === PHONE }, async (page) => {
      await page.evaluate(() => { for (const one of document.querySelectorAll("details")) one.open = true; });
      const wide = await page.evaluate((width) => [...document.querySelectorAll("main *")]
        .filter((node) => !node.parentElement.closest(".scroll, svg, .unseen") && node.getBoundingClientRect().right > width + 1)
        .map((node) => `${node.localName}.${node.className}: ${node.textContent.trim().slice(0, 60)}`), viewport.width);
      assert.deepEqual(wide.slice(0, 5), [], `wider than ${viewport.width} px`);
      const width = await page.evaluate(() => document.documentElement.scrollWidth);
      assert.ok(width <= viewport.width, `${name}: the page is ${width} px wide`);
      await page.evaluate(() => { for (const one of document.querySelectorAll("details")) one.open = false; });
      await page.screenshot({ path: join(folder, `screen-${name}.png`) });
    });
  }
}

async function prints(url) {
  await opened(url, {}, async (page) => {
    await page.emulateMedia({ media: "print" });
    assert.equal(await page.locator(".view").isVisible(), false, "controls are printed");
    assert.equal(await page.locator("nav").isVisible(), false, "the navigation is printed");
    const pdf = await page.pdf({ format: "A4" });
    assert.ok(pdf.length > 10_000, `${pdf.length} bytes of PDF`);
  });
}
