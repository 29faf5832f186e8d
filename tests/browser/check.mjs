// node check.mjs FILE.html [--fleet]: opens the report in Chromium and tries what a reader does with it.
// Exit 1 with one line for each thing that is wrong; else one line of what was checked.
import { chromium } from "playwright-core";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import { resolve } from "node:path";

const args = process.argv.slice(2);
const file = args.find((arg) => !arg.startsWith("--"));
if (!file) {
  console.error("usage: node check.mjs FILE.html [--fleet]");
  process.exit(2);
}
const fleet = args.includes("--fleet");
const url = pathToFileURL(resolve(file)).href;
const axeSource = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

const PHONE = { width: 390, height: 844 };
const DESKTOP = { width: 1280, height: 900 };
const LOAD_LIMIT_MS = 2000;

const problems = [];
const figures = [];
const fail = (text) => problems.push(`${file}: ${text}`);
const some = (list, n) =>
  list.length <= n ? list : Array.from({ length: n }, (_, i) => list[Math.floor((i * (list.length - 1)) / (n - 1))]);

// A page whose console, errors and requests are watched.
async function open(browser, options = {}, hash = "") {
  const { what = "", ...contextOptions } = options;
  const context = await browser.newContext({ viewport: DESKTOP, serviceWorkers: "block", ...contextOptions });
  const page = await context.newPage();
  const at = what ? ` (${what})` : "";
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) fail(`console ${message.type()}${at}: ${message.text()}`);
  });
  page.on("pageerror", (error) => fail(`page error${at}: ${error.message}`));
  page.on("dialog", (dialog) => {
    fail(`dialog${at}: ${dialog.message()}`);
    dialog.dismiss();
  });
  context.on("request", (request) => {
    if (request.url().split("#")[0] !== url) fail(`request${at}: ${request.url().slice(0, 200)}`);
  });
  context.on("page", (other) => {
    if (other !== page) fail(`another window${at}: ${other.url()}`);
  });
  if (contextOptions.javaScriptEnabled !== false) {
    await page.addInitScript(() => {
      globalThis.violations = [];
      addEventListener("securitypolicyviolation", (event) =>
        globalThis.violations.push(`${event.violatedDirective} ${event.blockedURI}`),
      );
    });
  }
  await page.goto(url + (hash ? `#${hash}` : ""), { waitUntil: "load" });
  return {
    page,
    async close() {
      if (contextOptions.javaScriptEnabled !== false) {
        for (const violation of await page.evaluate(() => globalThis.violations)) fail(`CSP violation${at}: ${violation}`);
      }
      await context.close();
    },
  };
}

const openAllDetails = (page) =>
  page.evaluate(() => {
    for (const details of document.querySelectorAll("details")) details.open = true;
  });

// What the page says, read from its headings and lists and not from what the filters go by.
const readModel = (page) =>
  page.evaluate(() => {
    const groups = Array.from(document.querySelectorAll("[data-group]"), (group) => ({
      id: group.dataset.group,
      name: group.querySelector("h3").textContent.trim(),
      hosts: Array.from(group.querySelectorAll(".hosts > li"), (li) => li.textContent.trim()),
    }));
    const ofSection = { breaking: "breaking", warning: "warning", ignored: "ignored" };
    const findings = Array.from(document.querySelectorAll("article.f"), (f) => ({
      id: f.id,
      section: f.closest("[data-section]").dataset.section,
      severity: ofSection[f.closest("[data-section]").dataset.section] ?? "info",
      area: f.closest(".part").querySelector("h3").textContent,
      members: Math.max(1, f.querySelectorAll(".items li").length),
      groups: f.dataset.groups.split(" ").filter(Boolean),
    }));
    const counts = Array.from(document.querySelectorAll(".counts li"), (li) => ({
      severity: li.dataset.severity,
      count: Number(li.querySelector("b").textContent),
    }));
    const values = (name) => Array.from(document.querySelectorAll(`input[name=${name}]`), (box) => box.value);
    return {
      groups,
      findings,
      counts,
      severities: values("severity"),
      areas: values("area"),
      hasHost: document.getElementById("host") !== null,
    };
  });

const visibleIds = (page) =>
  page.evaluate(() =>
    Array.from(document.querySelectorAll("article.f"))
      .filter((f) => f.checkVisibility({ visibilityProperty: true, opacityProperty: true }) && f.getClientRects().length > 0)
      .map((f) => f.id),
  );

async function setFilters(page, { severity = [], area = [], host = "" }) {
  await page.evaluate(
    ([severities, areas]) => {
      const form = document.getElementById("filter");
      for (const [name, wanted] of [["severity", severities], ["area", areas]]) {
        for (const box of form.querySelectorAll(`input[name=${name}]`)) {
          if (box.checked !== wanted.includes(box.value)) box.click();
        }
      }
    },
    [severity, area],
  );
  const field = page.locator("#host");
  if ((await field.count()) && (await field.inputValue()) !== host) {
    await field.fill(host);
    await page.waitForTimeout(180);
  }
}

function expected(model, { severity = [], area = [], host = "" }) {
  const holding = (match) =>
    new Set(
      model.groups
        .filter((group) => match(group.name.toLowerCase()) || group.hosts.some((name) => match(name.toLowerCase())))
        .map((group) => group.id),
    );
  const wanted = host.trim().toLowerCase();
  const exact = holding((name) => name === wanted);
  const groups = exact.size ? exact : holding((name) => name.includes(wanted));
  return model.findings.filter(
    (f) =>
      (!severity.length || severity.includes(f.severity)) &&
      (!area.length || area.includes(f.area)) &&
      (!host || f.groups.some((group) => groups.has(group))),
  );
}

async function checkFilters(browser) {
  const { page, close } = await open(browser, { what: "filters" });
  const model = await readModel(page);
  const total = model.findings.reduce((sum, f) => sum + f.members, 0);
  for (const { severity, count } of model.counts) {
    const there = model.findings.filter((f) => f.severity === severity).reduce((sum, f) => sum + f.members, 0);
    if (there !== count) fail(`the head counts ${count} ${severity}, the sections hold ${there}`);
  }
  for (const f of model.findings) if (!model.areas.includes(f.area)) fail(`no filter for area ${f.area} of ${f.id}`);
  for (const [what, attribute] of [["severity", "severity"], ["area", "area"]]) {
    const wrong = await page.evaluate(
      ([list, name]) => list.filter(([id, value]) => document.getElementById(id).dataset[name] !== value).length,
      [model.findings.map((f) => [f.id, f[attribute]]), attribute],
    );
    if (wrong) fail(`${wrong} findings stand in a section or below a heading of another ${what}`);
  }
  const status = () => page.locator("#shown").textContent();
  if (!(await page.locator("#filter").isVisible())) fail("the filters are not shown");
  if (total && !(await status()).startsWith(`All ${total} finding`)) fail(`at first the live region says “${await status()}”, not all ${total}`);
  if ((await page.locator("#shown").getAttribute("role")) !== "status") fail("the number shown is no live region");

  // Ignored alone: its closed section opens by itself.
  if (model.severities.includes("ignored")) {
    await setFilters(page, { severity: ["ignored"] });
    const want = expected(model, { severity: ["ignored"] }).length;
    if ((await visibleIds(page)).length !== want) fail("the filter “ignored” leaves its section closed");
  }
  await openAllDetails(page);

  const cases = [{}];
  for (const value of model.severities) cases.push({ severity: [value] });
  for (const value of model.areas) cases.push({ area: [value] });
  if (model.severities.length > 1) cases.push({ severity: model.severities.slice(0, 2) });
  for (const severity of model.severities) for (const area of some(model.areas, 3)) cases.push({ severity: [severity], area: [area] });
  if (model.hasHost) {
    const hosts = model.groups.filter((group) => group.hosts.length).map((group) => group.hosts[0]);
    for (const host of some(hosts, 4)) {
      cases.push({ host }, { host: host.toUpperCase() }, { host, severity: model.severities.slice(0, 1) });
      cases.push({ host, severity: model.severities.slice(-2), area: model.areas.slice(0, 2) });
    }
    cases.push({ host: model.groups[0]?.name ?? "" }, { host: hosts[0]?.slice(0, 4) ?? "" }, { host: "no such host anywhere" });
  }
  let slowest = 0;
  for (const each of cases) {
    await setFilters(page, each);
    const want = expected(model, each);
    const got = await visibleIds(page);
    const name = JSON.stringify(each).slice(0, 160);
    if (got.join(" ") !== want.map((f) => f.id).join(" ")) fail(`filter ${name}: ${got.length} entries shown, ${want.length} expected`);
    const active = (each.severity ?? []).length || (each.area ?? []).length || each.host;
    const number = want.reduce((sum, f) => sum + f.members, 0);
    const said = await status();
    const say = active ? `${number} of ${total} finding` : `All ${total} finding`;
    if (total && !said.startsWith(say)) fail(`filter ${name}: the live region says “${said}”, not “${say}…”`);
    const empty = await page.evaluate(
      () =>
        Array.from(document.querySelectorAll("[data-section], .part")).filter(
          (e) => e.checkVisibility() && !Array.from(e.querySelectorAll("article.f")).some((f) => f.checkVisibility()),
        ).length,
    );
    if (empty) fail(`filter ${name}: ${empty} sections or areas shown without a finding`);
    if ((await page.locator("#clear").isVisible()) !== Boolean(active)) fail(`filter ${name}: “Clear filters” shown wrongly`);
  }
  // Clear, with the mouse; and how long one filter takes to be seen.
  if (model.severities.length) {
    await setFilters(page, { severity: model.severities.slice(0, 1), area: model.areas.slice(0, 1), host: model.groups[0]?.hosts[0] ?? "" });
    await page.locator("#clear").click();
    if ((await visibleIds(page)).length !== model.findings.length) fail("Clear does not show everything again");
    if (!(await status()).startsWith("All ")) fail("Clear leaves the live region as it was");
    if (await page.evaluate(() => document.activeElement === document.body)) fail("Clear loses the keyboard focus");
    for (let i = 0; i < 4; i++) {
      const took = await page.evaluate(async () => {
        const start = performance.now();
        document.querySelector("input[name=severity]").click();
        await new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
        return performance.now() - start;
      });
      slowest = Math.max(slowest, took);
    }
  }
  if (model.hasHost) {
    await page.locator("#host").focus();
    const offered = new Set(await page.evaluate(() => Array.from(document.querySelectorAll("#host-names option"), (o) => o.value)));
    const missing = model.groups.flatMap((group) => group.hosts).filter((host) => !offered.has(host));
    if (missing.length) fail(`${missing.length} hosts are not offered in the host filter, the first is ${missing[0]}`);
    // “400 hosts” leads to the groups that are meant.
    await setFilters(page, {});
    const link = page.locator("article.f a.on-hosts").first();
    if (await link.count()) {
      const own = await link.evaluate((a) => a.closest(".f").dataset.groups);
      await link.click();
      await page.waitForTimeout(150);
      const marked = await page.evaluate(() => Array.from(document.querySelectorAll(".group.linked"), (g) => g.dataset.group).join(" "));
      if (marked !== own) fail(`the hosts of a finding lead to groups “${marked}”, not “${own}”`);
    }
    await setFilters(page, { host: model.groups[0]?.hosts[0] ?? "x" });
    await page.locator("#host").press("Enter");
    if (page.url().split("#")[0] !== url) fail("Enter in the host filter leaves the page");
  }
  await close();
  figures.push(`${total} findings in ${model.findings.length} entries`, `${cases.length} filters, slowest ${Math.round(slowest)} ms`);
  return model;
}

async function checkPermalinks(browser, model) {
  const { page, close } = await open(browser, { what: "permalinks" });
  const broken = await page.evaluate(() => {
    const bad = [];
    const seen = new Set();
    for (const element of document.querySelectorAll("[id]")) {
      if (seen.has(element.id)) bad.push(`id ${element.id} stands twice`);
      seen.add(element.id);
    }
    for (const link of document.querySelectorAll("a")) {
      const href = link.getAttribute("href");
      if (!href?.startsWith("#") || !seen.has(href.slice(1))) bad.push(`link to ${href} leads nowhere`);
    }
    for (const f of document.querySelectorAll("article.f")) {
      if (f.querySelector(".permalink")?.getAttribute("href") !== `#${f.id}`) bad.push(`${f.id} has no link to itself`);
    }
    return bad;
  });
  for (const text of broken.slice(0, 10)) fail(text);
  const members = await page.evaluate(() => Array.from(document.querySelectorAll(".items li[id]"), (li) => li.id));
  const bySection = [...new Set(model.findings.map((f) => f.section))].flatMap((section) =>
    some(model.findings.filter((f) => f.section === section).map((f) => f.id), fleet ? 2 : 3),
  );
  const ids = [...new Set([...bySection, ...some(members, fleet ? 4 : 6)])];

  const look = (id) =>
    page.evaluate(async (wanted) => {
      await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
      const element = document.getElementById(wanted);
      if (!element.checkVisibility()) return "is not shown";
      const box = element.getClientRects()[0];
      if (!box || box.top < 0 || box.top > innerHeight - 10) return `is not scrolled to (top ${box?.top})`;
      const hit = document.elementFromPoint(box.left + 6, box.top + 6);
      if (!hit || !element.contains(hit)) return `is covered by ${hit?.className || hit?.tagName}`;
      if (getComputedStyle(element).backgroundColor === "rgba(0, 0, 0, 0)") return "is not marked";
      if (document.activeElement !== element) return "has not the focus";
      return "";
    }, id);
  for (const id of ids) {
    // Closed, and filtered away: by another severity, and by a host that there is not.
    const f = model.findings.find((each) => each.id === id);
    const other = model.severities.filter((severity) => severity !== f?.severity).slice(0, 1);
    await setFilters(page, { severity: other, host: model.hasHost ? "no such host anywhere" : "" });
    await page.evaluate(() => {
      for (const details of document.querySelectorAll("#findings details, .group")) details.open = false;
      history.replaceState(null, "", location.pathname);
      scrollTo(0, 0);
    });
    await page.evaluate((wanted) => { location.hash = wanted; }, id);
    await page.waitForTimeout(60);
    const wrong = await look(id);
    if (wrong) fail(`#${id}, followed under a filter, ${wrong}`);
    await setFilters(page, {});
  }
  await close();
  for (const id of some(ids, 6)) {
    const fresh = await open(browser, { what: `opened at #${id}` }, id);
    const wrong = await fresh.page.evaluate((wanted) => {
      const element = document.getElementById(wanted);
      const box = element.getClientRects()[0];
      if (!element.checkVisibility() || !box) return "is not shown";
      return box.top < 0 || box.top > innerHeight - 10 ? `is not scrolled to (top ${box.top})` : "";
    }, id);
    if (wrong) fail(`#${id}, opened afresh, ${wrong}`);
    await fresh.close();
  }
  const gone = await open(browser, { what: "gone" }, "f-000000000000");
  const said = await gone.page.locator("#shown").textContent();
  if (!said.includes("f-000000000000")) fail("a link to a finding that is not in the report is passed over in silence");
  await gone.close();
  figures.push(`${ids.length} permalinks`);
}

// Only what the template writes may be in the page, whatever the values hold.
async function checkMarkup(browser) {
  const { page, close } = await open(browser, { what: "markup" });
  const wrong = await page.evaluate(() => {
    const bad = [];
    const known = new Set(
      ("HTML HEAD META TITLE STYLE BODY A HEADER NAV MAIN FOOTER SECTION ARTICLE FORM FIELDSET LEGEND LABEL INPUT BUTTON DATALIST " +
        "OPTION DETAILS SUMMARY DIV P UL LI H1 H2 H3 H4 SPAN B BDI SCRIPT").split(" "),
    );
    for (const element of document.querySelectorAll("*")) {
      if (!known.has(element.tagName)) bad.push(`element <${element.tagName.toLowerCase()}>`);
      for (const { name } of element.attributes) {
        // The script sets one property on the root: the height of the filters.
        if (name === "style" && !(element === document.documentElement && /^--bar: \d+px;$/.test(element.getAttribute(name)))) bad.push("attribute style");
        if (name.startsWith("on") || name === "src" || name === "srcdoc") bad.push(`attribute ${name}`);
      }
    }
    for (const tag of ["script", "style", "title"]) {
      const n = document.querySelectorAll(tag).length;
      if (n !== 1) bad.push(`${n} <${tag}> elements`);
    }
    const walker = document.createTreeWalker(document, NodeFilter.SHOW_COMMENT);
    while (walker.nextNode()) bad.push(`comment ${walker.currentNode.data.slice(0, 40)}`);
    const policy = document.querySelector('meta[http-equiv="Content-Security-Policy"]')?.content ?? "";
    for (const part of ["default-src 'none'", "script-src 'sha256-", "style-src 'sha256-", "base-uri 'none'", "form-action 'none'"]) {
      if (!policy.includes(part)) bad.push(`the policy lacks ${part}`);
    }
    if (policy.includes("unsafe")) bad.push("the policy says unsafe-…");
    const levels = Array.from(document.querySelectorAll("h1, h2, h3, h4"), (h) => Number(h.tagName[1]));
    if (levels.filter((level) => level === 1).length !== 1) bad.push("not exactly one h1");
    levels.forEach((level, i) => {
      if (i && level > levels[i - 1] + 1) bad.push(`a heading skips a level (h${levels[i - 1]} to h${level})`);
    });
    return [...new Set(bad)];
  });
  for (const text of wrong) fail(text);
  // The keyboard: the skip link first, and each stop shows where it is.
  for (let i = 0; i < 14; i++) {
    await page.keyboard.press("Tab");
    const stop = await page.evaluate(() => {
      const element = document.activeElement;
      if (!element || element === document.body) return { gone: true };
      const shown = [element, element.closest(".chip")].some(
        (e) => e && getComputedStyle(e).outlineStyle !== "none" && parseFloat(getComputedStyle(e).outlineWidth) >= 2,
      );
      const box = element.getBoundingClientRect();
      return { name: element.className || element.textContent.slice(0, 30) || element.name, shown, inside: box.right > 0 && box.bottom > 0 };
    });
    if (stop.gone) break;
    if (i === 0 && stop.name !== "skip") fail(`the first stop of the Tab key is ${stop.name}, not the skip link`);
    if (!stop.shown || !stop.inside) fail(`keyboard focus does not show on ${stop.name}`);
  }
  await close();
}

async function checkPrintAndPlain(browser, model) {
  const { page, close } = await open(browser, { what: "print" });
  if (model.severities.length) await setFilters(page, { severity: model.severities.slice(0, 1), host: model.hasHost ? "no such host anywhere" : "" });
  await page.emulateMedia({ media: "print" });
  const hidden = await page.evaluate(() => {
    const shown = (e) => e.checkVisibility({ visibilityProperty: true, opacityProperty: true }) && e.getBoundingClientRect().height > 0;
    const of = (selector) => Array.from(document.querySelectorAll(selector)).filter((e) => !shown(e));
    return {
      findings: of("article.f").map((e) => e.id),
      parts: of(".f .body > *, .f .meta, .items li, .part > h3, h2, .note, .hosts li, .silent li, .rows li, .group").length,
      controls: Array.from(document.querySelectorAll("form, button, input, .skip")).filter(shown).length,
      wide: document.documentElement.scrollWidth - document.documentElement.clientWidth,
    };
  });
  if (hidden.findings.length) fail(`print hides ${hidden.findings.length} findings, the first is ${hidden.findings[0]}`);
  if (hidden.parts) fail(`print hides ${hidden.parts} parts of findings or lists`);
  if (hidden.controls) fail(`print shows ${hidden.controls} controls`);
  await close();
  const plain = await open(browser, { what: "without JavaScript", javaScriptEnabled: false });
  if (await plain.page.locator("#filter").isVisible()) fail("without JavaScript the filters are shown");
  const openSections = model.findings.filter((f) => !["reporting", "ignored"].includes(f.section)).map((f) => f.id);
  for (const id of some(openSections, 5)) {
    if (!(await plain.page.locator(`#${id}`).isVisible())) fail(`without JavaScript ${id} is not shown`);
  }
  await plain.close();
}

async function checkWidthsAndAxe(browser) {
  const rules = new Set();
  for (const colorScheme of ["light", "dark"]) {
    for (const [name, viewport] of [["phone", PHONE], ["desktop", DESKTOP]]) {
      const what = `${name}, ${colorScheme}`;
      const { page, close } = await open(browser, { what, viewport, colorScheme });
      for (const state of ["as opened", "all open"]) {
        if (state === "all open") await openAllDetails(page);
        const over = await page.evaluate(async () => {
          // Scroll through, so that all has been laid out once.
          for (let y = 0; y < document.documentElement.scrollHeight && y < 60000; y += innerHeight * 4) {
            scrollTo(0, y);
            await new Promise((done) => requestAnimationFrame(done));
          }
          const root = document.documentElement;
          return Math.max(root.scrollWidth, document.body.scrollWidth) - root.clientWidth;
        });
        if (over > 0) fail(`${what}, ${state}: scrolls sideways by ${over} px`);
      }
      await close();

      // axe needs to be injected, which the policy rightly forbids: so here, and only here, without the policy.
      const audit = await open(browser, { what: `axe, ${what}`, viewport, colorScheme, bypassCSP: true });
      if (fleet) {
        // 2,000 like entries take axe minutes: every section keeps its first entries, of every kind there is.
        await audit.page.evaluate(() => {
          for (const part of document.querySelectorAll(".part")) Array.from(part.querySelectorAll(".f")).slice(8).forEach((f) => f.remove());
          for (const list of document.querySelectorAll(".hosts")) Array.from(list.children).slice(5).forEach((li) => li.remove());
        });
      }
      await openAllDetails(audit.page);
      await audit.page.addStyleTag({ content: ".f { content-visibility: visible !important; }" });
      await audit.page.evaluate(axeSource);
      const result = await audit.page.evaluate(() => globalThis.axe.run(document, { resultTypes: ["violations"] }));
      for (const violation of result.violations) {
        const first = violation.nodes[0];
        fail(`axe (${what}): ${violation.id}, ${violation.nodes.length} times: ${first.html.slice(0, 120)}: ${first.failureSummary.replaceAll("\n", " ").slice(0, 300)}`);
      }
      for (const rule of result.passes) rules.add(rule.id);
      await audit.close();
    }
  }
  figures.push(`axe in 4 views, ${rules.size} rules passed`);
}

async function checkLoad(browser) {
  const times = [];
  for (let i = 0; i < 3; i++) {
    const { page, close } = await open(browser, { what: "load" });
    times.push(
      await page.evaluate(async () => {
        const [entry] = performance.getEntriesByType("navigation");
        while (!entry.loadEventEnd) await new Promise((done) => setTimeout(done, 5));
        const paint = performance.getEntriesByName("first-contentful-paint")[0];
        return { load: entry.loadEventEnd, paint: paint?.startTime ?? 0 };
      }),
    );
    await close();
  }
  times.sort((a, b) => a.load - b.load);
  const median = times[1];
  if (fleet && median.load >= LOAD_LIMIT_MS) fail(`load takes ${Math.round(median.load)} ms, the limit is ${LOAD_LIMIT_MS}`);
  figures.unshift(`load ${Math.round(median.load)} ms (slowest of 3: ${Math.round(times[2].load)} ms)`, `${Math.round(readFileSync(file).length / 1024)} KiB`);
}

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM || "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-dev-shm-usage"],
});
const timed = async (check, ...more) => {
  const start = performance.now();
  const result = await check(browser, ...more);
  if (process.env.CHECK_TIMES) console.error(`${check.name} ${Math.round(performance.now() - start)} ms`);
  return result;
};
try {
  const model = await timed(checkFilters);
  await timed(checkPermalinks, model);
  await timed(checkMarkup);
  await timed(checkPrintAndPlain, model);
  await timed(checkWidthsAndAxe);
  await timed(checkLoad);
} catch (error) {
  fail(`the check itself stopped: ${error.stack ?? error}`);
} finally {
  await browser.close();
}
if (problems.length) {
  for (const problem of problems) console.error(problem);
  process.exit(1);
}
console.log(`${file}: ok: ${figures.join("; ")}; no console error, no request, print and no-JavaScript complete`);
