// Sorts and filters what is all there without it. The view stands in the fragment, behind the anchor,
// so that it can be linked to:
//   #report-table?strategy=atomics&has=reads:wait-free&sort=report-table-1.2.descending
"use strict";
(() => {
  const every = (selector, root = document) => [...root.querySelectorAll(selector)];
  const words = (node) => node.textContent.replace(/\s+/g, " ").trim();
  const make = (tag, attributes = {}, ...children) => {
    const node = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
    node.append(...children);
    return node;
  };

  // -- what there is ---------------------------------------------------------------------------------

  // Strategies with their properties.
  const strategies = new Map(every("#strategies > li").map((one) => [one.dataset.strategy, new Set(every("span", one).map(words))]));
  const rowHead = (row) => row.querySelector("th[scope=row]");
  const strategyOf = (row) => {
    const code = rowHead(row)?.querySelector("code");
    return code && strategies.has(words(code)) ? words(code) : undefined;
  };
  const counts = new Map();
  const tables = every("table").map((table) => {
    const section = table.closest("section")?.querySelector("h2")?.id ?? "first";
    counts.set(section, (counts.get(section) ?? 0) + 1);
    const bodies = [...table.tBodies].map((body) => ({
      body,
      title: body.querySelector("th[scope=rowgroup]")?.parentElement,
      rows: every("tr", body).filter(rowHead),
    }));
    const rows = bodies.flatMap(({ rows }) => rows);
    return {
      key: `${section}-${counts.get(section)}`,
      table,
      bodies,
      rows: rows.map((row) => ({ row, strategy: strategyOf(row) })),
      heads: [...table.tHead.rows[0].cells],
      sorted: make("tbody"),
    };
  });

  // -- the view and its fragment ---------------------------------------------------------------------

  const view = { anchor: "", strategy: "", has: new Set(), sort: new Map() };

  const read = () => {
    const [anchor, query = ""] = location.hash.slice(1).split(/\?(.*)/s);
    const asked = new URLSearchParams(query);
    view.anchor = anchor;
    view.strategy = asked.get("strategy") ?? "";
    view.has = new Set(asked.getAll("has"));
    view.sort = new Map(asked.getAll("sort").flatMap((text) => {
      const [key, column, direction] = text.split(".");
      const known = tables.some((one) => one.key === key && column in one.heads);
      return known && /^(a|de)scending$/.test(direction) ? [[key, { column: Number(column), direction }]] : [];
    }));
  };
  const fragment = (anchor = view.anchor) => {
    const query = new URLSearchParams();
    if (view.strategy) query.set("strategy", view.strategy);
    for (const one of view.has) query.append("has", one);
    for (const [key, { column, direction }] of view.sort) query.append("sort", `${key}.${column}.${direction}`);
    return query.size ? `#${anchor}?${query}` : `#${anchor}`;
  };
  const changed = () => {
    history.replaceState(null, "", fragment());
    show();
  };

  // -- sorting ---------------------------------------------------------------------------------------

  const units = { ns: 1, us: 1e3, ms: 1e6, s: 1e9, B: 1, KiB: 1024, MiB: 1048576 };
  // The first number of a cell, in the smallest unit; its words where it begins with none.
  const valueOf = (cell) => {
    if (!cell || cell.classList.contains("absent")) return undefined;
    const text = words(cell.querySelector(".lead") ?? cell);
    const found = /^(-?\d[\d,]*(?:\.\d+)?)(?: (ns|us|ms|s|B|KiB|MiB)\b)?/.exec(text);
    if (found) return Number(found[1].replaceAll(",", "")) * (units[found[2]] ?? 1);
    return text || undefined;
  };
  const compare = (a, b) =>
    typeof a === "number" && typeof b === "number" ? a - b
      : typeof a === "number" ? -1
      : typeof b === "number" ? 1
      : a.localeCompare(b, "en");
  // What has no value comes last, whichever the direction.
  const inOrder = (direction) => (a, b) => {
    if (a.value === undefined || b.value === undefined) {
      return Number(a.value === undefined) - Number(b.value === undefined);
    }
    return direction === "ascending" ? compare(a.value, b.value) : compare(b.value, a.value);
  };
  const showOrder = ({ key, table, bodies, rows, heads, sorted }) => {
    const order = view.sort.get(key);
    heads.forEach((head, column) => {
      if (order?.column === column) head.setAttribute("aria-sort", order.direction);
      else head.removeAttribute("aria-sort");
    });
    for (const { body, rows } of bodies) body.append(...rows);
    sorted.remove();
    if (!order) return;
    const valued = rows.map(({ row }) => ({ row, value: valueOf(row.cells[order.column]) }));
    sorted.append(...valued.sort(inOrder(order.direction)).map(({ row }) => row));
    table.append(sorted);
  };
  const sortBy = (one, column) => {
    const first = one.rows.some(({ row }) => typeof valueOf(row.cells[column]) === "number") ? "descending" : "ascending";
    const second = first === "ascending" ? "descending" : "ascending";
    const order = view.sort.get(one.key);
    const next = order?.column !== column ? first : order.direction === first ? second : undefined;
    if (next) view.sort.set(one.key, { column, direction: next });
    else view.sort.delete(one.key);
    changed();
    const how = next ? `sorted by ${words(one.heads[column].querySelector("button"))}, ${next}` : "in the report's order";
    say(`${words(one.table.caption)}: ${how}.`);
  };
  for (const one of tables) {
    if (one.rows.length < 2) continue;
    one.heads.forEach((head, column) => {
      const label = [...head.childNodes].filter((node) => node.nodeName !== "SMALL");
      if (!label.length) return;
      const button = make("button", { type: "button" });
      head.prepend(button);
      button.append(...label);
      button.addEventListener("click", () => sortBy(one, column));
    });
  }

  // -- filtering -------------------------------------------------------------------------------------

  // Of one property any of the claims asked for, of all properties asked for.
  const asked = () => {
    const properties = new Map();
    for (const one of view.has) {
      const property = one.split(":", 1)[0];
      properties.set(property, [...(properties.get(property) ?? []), one]);
    }
    return [...properties.values()];
  };
  const matching = () => {
    const wanted = view.strategy.toLowerCase();
    const properties = asked();
    return new Set([...strategies].flatMap(([name, has]) =>
      name.toLowerCase().includes(wanted) && properties.every((claims) => claims.some((claim) => has.has(claim))) ? [name] : []));
  };
  const showRows = (shown) => {
    for (const { table, rows, bodies } of tables) {
      for (const { row, strategy } of rows) row.hidden = strategy !== undefined && !shown.has(strategy);
      for (const { title, rows } of bodies) if (title) title.hidden = rows.every((row) => row.hidden || row.parentElement !== title.parentElement);
      table.classList.toggle("filtered", rows.some(({ row }) => row.hidden));
    }
    // In its drawing a strategy keeps its place: the others are to be seen against it.
    for (const layer of every(".plot g[data-strategy]")) {
      layer.classList.toggle("faded", strategies.has(layer.dataset.strategy) && !shown.has(layer.dataset.strategy));
    }
    for (const card of every(".card")) card.hidden = !shown.has(card.dataset.strategy);
    for (const page of every("details.page")) {
      const name = page.querySelector("summary code");
      page.hidden = Boolean(name) && strategies.has(words(name)) && !shown.has(words(name));
    }
  };

  // -- the controls ----------------------------------------------------------------------------------

  const status = make("p", { role: "status" });
  const say = (text) => { status.textContent = text; };
  const name = make("input", { type: "search", id: "view-strategy", autocomplete: "off", spellcheck: "false", placeholder: "all" });
  const link = make("a", { href: "#" }, "Link to this view");
  const reset = make("button", { type: "button" }, "Show all");
  const properties = new Map();
  for (const has of strategies.values()) {
    for (const one of has) {
      const [property, claim] = one.split(/:(.*)/s);
      properties.set(property, (properties.get(property) ?? new Set()).add(claim));
    }
  }
  const choices = [...properties].filter(([, claims]) => claims.size > 1).map(([property, claims]) =>
    make("fieldset", {}, make("legend", {}, property), ...[...claims].map((claim) => {
      const box = make("input", { type: "checkbox", value: `${property}:${claim}` });
      box.addEventListener("change", () => {
        if (box.checked) view.has.add(box.value);
        else view.has.delete(box.value);
        changed();
      });
      return make("label", {}, box, ` ${claim}`);
    })));
  const summary = make("summary", {}, "By property");
  const form = make("form", { class: "view", role: "search", "aria-label": "Filter strategies" },
    make("label", { for: "view-strategy" }, "Strategy"), name,
    make("details", {}, summary, make("div", {}, ...choices)), reset, link, status);
  form.addEventListener("submit", (event) => event.preventDefault());
  name.addEventListener("input", () => {
    view.strategy = name.value.trim();
    changed();
  });
  reset.addEventListener("click", () => {
    view.strategy = "";
    view.has.clear();
    view.sort.clear();
    changed();
  });
  if (strategies.size) document.getElementById("view").append(form);

  const show = () => {
    const shown = matching();
    tables.forEach(showOrder);
    showRows(shown);
    if (name.value.trim() !== view.strategy) name.value = view.strategy;
    for (const box of every("input[type=checkbox]", form)) box.checked = view.has.has(box.value);
    summary.textContent = view.has.size ? `By property (${view.has.size})` : "By property";
    link.href = fragment();
    const all = shown.size === strategies.size;
    say(all ? `All ${strategies.size} strategies` : `${shown.size} of ${strategies.size} strategies in tables, plots and cards; text tells of all`);
  };
  // The browser finds no anchor in front of a question mark by itself.
  const go = () => {
    const target = view.anchor && document.getElementById(view.anchor);
    if (!target) return;
    for (let at = target; at; at = at.parentElement) if (at.localName === "details") at.open = true;
    target.scrollIntoView();
    if (!target.hasAttribute("tabindex")) target.setAttribute("tabindex", "-1");
    target.focus({ preventScroll: true });
  };
  // A link takes the view along, to another page as well.
  document.addEventListener("click", (event) => {
    const to = event.target.closest?.("a[href*='#']");
    if (!to || to === link || event.button || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    const [page, anchor] = to.getAttribute("href").split("#");
    if (page) return void location.assign(page + fragment(anchor));
    view.anchor = anchor;
    history.pushState(null, "", fragment());
    link.href = fragment();
    go();
  });
  // What moved to another page is found from here.
  const elsewhere = () => {
    if (!view.anchor || document.getElementById(view.anchor)) return;
    const moved = every("a[href*='.html#']").find((one) => one.getAttribute("href").endsWith(`#${view.anchor}`));
    if (moved) location.replace(moved.getAttribute("href").split("#")[0] + fragment());
  };
  const arrive = () => {
    read();
    elsewhere();
    show();
    go();
  };
  window.addEventListener("hashchange", arrive);
  arrive();
})();
