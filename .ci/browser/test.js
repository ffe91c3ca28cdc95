// What the pages of a report must do in a browser. Each check throws with what it found; all run, and the exit code says
// whether any failed. Screenshots are left beside the report.
import { strict as assert } from "node:assert";
import { existsSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import { chromium } from "playwright-core";

const AXE = createRequire(import.meta.url).resolve("axe-core/axe.min.js");
const DESKTOP = { width: 1400, height: 900 };
const TABLET = { width: 768, height: 1024 };
const PHONE = { width: 390, height: 844 };
const QUIET = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
  "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage"];
// Of the page that decides.
const SCREENS = 20;
const BYTES = 1_000_000;

// The report's table.
const ROWS = "section[aria-labelledby=report-table] .scroll:nth-of-type(2) tbody tr";
const HEADS = "section[aria-labelledby=report-table] .scroll:nth-of-type(2) thead th";

const ANY_PAGE = { loadsQuietly, hasNoBrokenLink, isAccessible, fits, overprintsNoLabel, namesWhatIsDrawn, prints };
const DECIDES = { isShort, hasAnswersWithoutScript, sorts, filters, linksToAView, keepsTheViewOnTheWay };
const DETAILS = { filtersByProperty };

let failures = 0;
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: QUIET });
for (const report of process.argv.slice(2)) {
  await check(report, { ...DECIDES, ...ANY_PAGE });
  await check(join(dirname(report), "details.html"), { ...DETAILS, ...ANY_PAGE });
}
await browser.close();
process.exit(failures ? 1 : 0);

async function check(page, checks) {
  console.log(page);
  for (const [name, check] of Object.entries(checks)) {
    const began = performance.now();
    try {
      await check(pathToFileURL(page).href, page);
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

// The strategies of the report's table that are shown.
function shownStrategies(page) {
  return texts(page, `${ROWS}:not([hidden]) th[scope=row] a`);
}

async function isShort(url, file) {
  const bytes = statSync(file).size;
  assert.ok(bytes <= BYTES, `${bytes} bytes`);
  await opened(url, {}, async (page) => {
    const screens = await page.evaluate((height) => document.documentElement.scrollHeight / height, DESKTOP.height);
    assert.ok(screens <= SCREENS, `${screens} screens`);
  });
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
    const isCompared = !await page.getByText("Nothing was compared").count();
    for (const one of [...(isCompared ? ["How sure"] : []), "How to repeat it"]) {
      assert.ok(questions.includes(one), `no answer to: ${one}`);
    }
    const end = await page.locator(".answer > h3").last().evaluate((answer) => answer.getBoundingClientRect().bottom);
    assert.ok(end <= 2 * DESKTOP.height, `the answers end at ${end} px, below the second screen`);
    const choices = page.getByRole("table", { name: /^What to use instead of/ });
    const situations = await page.locator("h2[id^=case-]").count();
    if (situations) assert.ok(await choices.locator("tbody tr").count() >= situations, "a situation has no answer");
    else assert.equal(await choices.count(), 0, "an empty table");
    assert.ok(await page.locator(ROWS).count() > 2 || await page.getByText(/^None of .* rows was measured/).count(), "no headline table");
    assert.equal(await page.locator("tbody:empty").count(), 0, "an empty table");
    assert.equal(await page.locator("thead button").count(), 0, "buttons that do nothing");
  });
}

// A column of ratios, as numbers.
async function column(page, index) {
  const cells = await texts(page, `${ROWS}:not([hidden]) td:nth-of-type(${index}):not(.absent) .lead`);
  return cells.map((text) => Number.parseFloat(text.replaceAll(",", ""))).filter((value) => !Number.isNaN(value));
}

// The first column that is made of ratios: there are others before it where a report is of several machines. 0 without any.
async function columnOfRatios(page) {
  const columns = await page.locator(HEADS).count();
  const rows = await page.locator(`${ROWS} td:nth-of-type(1)`).count();
  for (let index = 1; index < columns; index += 1) {
    if ((await column(page, index)).length > rows / 2) return index;
  }
  return 0;
}

async function sorts(url) {
  await opened(url, {}, async (page) => {
    const index = await columnOfRatios(page);
    if (!index) return;
    const head = page.locator(HEADS).nth(index);
    const before = await column(page, index);
    const sorted = (direction) => [...before].sort((a, b) => direction * (a - b));
    await head.getByRole("button").focus();
    await page.keyboard.press("Enter");
    assert.equal(await head.getAttribute("aria-sort"), "descending");
    assert.deepEqual(await column(page, index), sorted(-1));
    assert.match(page.url(), new RegExp(`sort=report-table-2\\.${index}\\.descending`));
    await page.keyboard.press("Space");
    assert.equal(await head.getAttribute("aria-sort"), "ascending");
    assert.deepEqual(await column(page, index), sorted(1));
    await page.keyboard.press("Space");
    assert.equal(await head.getAttribute("aria-sort"), null);
    assert.deepEqual(await column(page, index), before);
  });
}

async function filters(url) {
  await opened(url, {}, async (page) => {
    const all = await shownStrategies(page);
    const name = all[1] ?? all[0];
    if (!name) return;
    await page.getByLabel("Strategy", { exact: true }).fill(name);
    const left = await shownStrategies(page);
    assert.ok(left.length >= 1 && left.every((one) => one.includes(name)), `rows for ${name}: ${left}`);
    assert.match(await page.locator(".view [role=status]").textContent(), /^(All )?\d+ (of|strategies)/);
    const drawn = await page.locator(".plot g[data-strategy]").evaluateAll((layers) =>
      layers.map((layer) => ({ strategy: layer.dataset.strategy, faded: Number(getComputedStyle(layer).opacity) < 1 })));
    // Controls have no card and are filtered nowhere: they are what the others are seen against.
    const wrong = drawn.filter((one) => all.includes(one.strategy) && one.faded === one.strategy.includes(name));
    assert.deepEqual(wrong, [], `in the drawings, filtered by ${name}`);
    await page.getByRole("button", { name: "Show all" }).click();
    assert.deepEqual(await shownStrategies(page), all);
    assert.equal(await page.locator(".plot .faded").count(), 0, "something stays faded");
  });
}

async function filtersByProperty(url) {
  await opened(url, {}, async (page) => {
    const all = await page.locator(".card").count();
    if (!all) return;
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
  const name = await opened(url, {}, async (page) => (await shownStrategies(page))[1]);
  if (!name) return;
  const state = new URLSearchParams({ strategy: name, sort: "report-table-2.2.ascending" });
  await opened(`${url}#report-table?${state}`, {}, async (page) => {
    assert.equal(await page.getByLabel("Strategy", { exact: true }).inputValue(), name);
    assert.ok((await shownStrategies(page)).every((one) => one.includes(name)));
    assert.equal(await page.locator(HEADS).nth(2).getAttribute("aria-sort"), "ascending");
    const top = await page.locator("#report-table").evaluate((head) => head.getBoundingClientRect().top);
    assert.ok(Math.abs(top) < DESKTOP.height / 2, `the section is ${top} px away`);
    assert.deepEqual(page.said, []);
  });
  // Nonsense is no error, and no view.
  await opened(`${url}#nowhere?sort=x.99.up&has=what&strategy=%3Cb%3E`, {}, async (page) => {
    assert.deepEqual(page.said, []);
    assert.deepEqual(await shownStrategies(page), []);
    assert.equal(await page.locator("[aria-sort]").count(), 0);
  });
}

async function keepsTheViewOnTheWay(url) {
  await opened(url, {}, async (page) => {
    const name = (await shownStrategies(page))[1];
    if (!name) return;
    await page.getByLabel("Strategy", { exact: true }).fill(name);
    await page.locator("nav a[href='#report-table']").first().click();
    assert.match(page.url(), /#report-table\?strategy=/);
    assert.match(await page.locator(".view a").getAttribute("href"), /^#report-table\?strategy=/);
    await page.locator("nav a[href='details.html#guarantees']").click();
    await page.waitForURL(/details\.html#guarantees\?strategy=/);
    assert.equal(await page.getByLabel("Strategy", { exact: true }).inputValue(), name);
    await page.goBack();
    assert.equal(await page.getByLabel("Strategy", { exact: true }).inputValue(), name);
    // What is on the other page is found from this one.
    await page.goto(`${url}#guarantees`);
    await page.waitForURL(/details\.html#guarantees/);
  });
}

async function hasNoBrokenLink(url, file) {
  const ids = (page) => page.evaluate(() => [...document.querySelectorAll("[id]")].map((node) => node.id));
  await opened(url, { javaScriptEnabled: false }, async (page) => {
    const own = await ids(page);
    assert.equal(new Set(own).size, own.length, "an id stands twice");
    const links = await page.evaluate(() => [...document.querySelectorAll("a[href]")].map((link) => link.getAttribute("href")));
    assert.ok(links.length > 0, "no link");
    const pages = new Map([["", own]]);
    for (const link of new Set(links)) {
      const [name, id] = link.split("#");
      if (!pages.has(name)) {
        const other = join(dirname(file), name);
        assert.ok(existsSync(other), `${link} leads nowhere`);
        pages.set(name, await opened(pathToFileURL(other).href, { javaScriptEnabled: false }, ids));
      }
      assert.ok(pages.get(name).includes(id), `${link} leads nowhere`);
    }
  });
}

// The bounding boxes of what is written in a drawing, in the page: those that overlap.
async function overprintsNoLabel(url) {
  await unfolded(url, {}, async (page) => {
    const overlaps = await page.evaluate(() => [...document.querySelectorAll(".plot svg")].flatMap((svg) => {
      const ground = svg.getBoundingClientRect();
      const texts = [...svg.querySelectorAll("text")].map((text) => ({ text: text.textContent, box: text.getBoundingClientRect() }));
      const outside = texts.filter(({ box }) => box.left < ground.left - 1 || box.right > ground.right + 1 || box.top < ground.top - 1 || box.bottom > ground.bottom + 1);
      const pairs = texts.flatMap((a, index) => texts.slice(index + 1).filter((b) => {
        const width = Math.min(a.box.right, b.box.right) - Math.max(a.box.left, b.box.left);
        const height = Math.min(a.box.bottom, b.box.bottom) - Math.max(a.box.top, b.box.top);
        // Letters do not fill their boxes: those of two lines may touch.
        return width > 1 && height > 4;
      }).map((b) => `"${a.text}" over "${b.text}"`));
      const name = svg.closest("figure").querySelector("figcaption").textContent.slice(0, 60);
      return [...outside.map(({ text }) => `${name}: "${text}" is cut off`), ...pairs.map((pair) => `${name}: ${pair}`)];
    }));
    assert.deepEqual(overlaps.slice(0, 8), [], `${overlaps.length} labels`);
  });
}

// A mark that is drawn has a name in the caption.
async function namesWhatIsDrawn(url) {
  await opened(url, {}, async (page) => {
    const unnamed = await page.evaluate(() => {
      const marks = [
        ["dot", "circle[fill='#0B6E4F']", /dot/i],
        ["ring", "circle[fill=none]", /ring/i],
        ["band", "rect[fill='#ECEEF1'], polygon[fill='#ECEEF1']", /grey/i],
      ];
      return [...document.querySelectorAll("figure")].flatMap((figure) => {
        const caption = figure.querySelector("figcaption").textContent;
        return marks.filter(([, drawn, named]) => figure.querySelector(drawn) && !named.test(caption))
          .map(([mark]) => `${mark} in ${caption.slice(0, 80)}`);
      });
    });
    assert.deepEqual(unnamed, []);
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

async function fits(url, file) {
  for (const [name, viewport] of [["phone", PHONE], ["tablet", TABLET], ["desktop", DESKTOP]]) {
    await opened(url, { viewport, isMobile: viewport === PHONE, hasTouch: viewport === PHONE }, async (page) => {
      await page.evaluate(() => { for (const one of document.querySelectorAll("details")) one.open = true; });
      const wide = await page.evaluate((width) => [...document.querySelectorAll("main *")]
        .filter((node) => !node.parentElement.closest(".scroll, svg, .unseen") && node.getBoundingClientRect().right > width + 1)
        .map((node) => `${node.localName}.${node.className}: ${node.textContent.trim().slice(0, 60)}`), viewport.width);
      assert.deepEqual(wide.slice(0, 5), [], `wider than ${viewport.width} px`);
      const width = await page.evaluate(() => document.documentElement.scrollWidth);
      assert.ok(width <= viewport.width, `${name}: the page is ${width} px wide`);
      await page.evaluate(() => { for (const one of document.querySelectorAll("details")) one.open = false; });
      await page.screenshot({ path: file.replace(/\.html$/, `-${name}.png`) });
    });
  }
}

async function prints(url) {
  await opened(url, {}, async (page) => {
    await page.emulateMedia({ media: "print" });
    assert.equal(await page.locator(".view").isVisible(), false, "controls are printed");
    assert.equal(await page.locator("nav").first().isVisible(), false, "the navigation is printed");
    const pdf = await page.pdf({ format: "A4" });
    assert.ok(pdf.length > 10_000, `${pdf.length} bytes of PDF`);
  });
}
