"use strict";
// Filters and permalinks. The report is complete without this script; it only hides and reveals.
(() => {
  const byId = (id) => document.getElementById(id);
  const form = byId("filter");
  const status = byId("shown");
  const hostInput = byId("host");
  const clearButton = byId("clear");
  if (!form || !status || !clearButton) return;

  const words = (text) => (text || "").split(" ").filter(Boolean);

  const sections = Array.from(document.querySelectorAll("[data-section]"), (element) => ({
    element,
    details: element.querySelector("details"),
    badge: element.querySelector("h2 .n"),
    parts: Array.from(element.querySelectorAll(".part"), (part) => ({
      element: part,
      findings: Array.from(part.querySelectorAll(".f"), (f) => ({
        element: f,
        severity: f.dataset.severity,
        area: f.dataset.area,
        groups: words(f.dataset.groups),
        count: Number(f.dataset.count),
      })),
    })),
  }));
  const total = sections
    .flatMap((section) => section.parts)
    .flatMap((part) => part.findings)
    .reduce((sum, finding) => sum + finding.count, 0);

  // Hosts: each name stands once in the page, below its group.
  const texts = (element, selector) =>
    Array.from(element.querySelectorAll(selector), (e) => e.textContent.trim());
  const groups = Array.from(document.querySelectorAll("[data-group]"), (element) => ({
    id: element.dataset.group,
    element,
    name: texts(element, "h3")[0],
    hosts: texts(element, ".hosts > li"),
  }));
  const state = (id, selector) => (byId(id) ? texts(byId(id), selector) : []);
  const unchanged = state("hosts-unchanged", ".hosts > li");
  const silent = state("hosts-silent", ".host");

  // The groups a text means: the one host or group of exactly that name, else all that contain it.
  function lookUp(text) {
    const wanted = text.toLowerCase();
    const search = (matches) => {
      const found = { groups: new Set(), hosts: 0, unchanged: 0, silent: 0 };
      for (const group of groups) {
        const hosts = matches(group.name.toLowerCase())
          ? group.hosts.length
          : group.hosts.filter((host) => matches(host.toLowerCase())).length;
        if (hosts) {
          found.groups.add(group.id);
          found.hosts += hosts;
        }
      }
      found.unchanged = unchanged.filter((host) => matches(host.toLowerCase())).length;
      found.silent = silent.filter((host) => matches(host.toLowerCase())).length;
      found.any = found.hosts + found.unchanged + found.silent > 0;
      return found;
    };
    const exact = search((name) => name === wanted);
    return exact.any ? exact : search((name) => name.includes(wanted));
  }

  const plural = (n, word) => `${n} ${word}${n === 1 ? "" : "s"}`;
  function aboutHosts(text, found) {
    if (!found.any) return `; no host or group is named “${text}”`;
    const said = [];
    if (found.hosts) said.push(`${plural(found.hosts, "host")} in ${plural(found.groups.size, "group")}`);
    if (found.unchanged) said.push(`${plural(found.unchanged, "host")} without change`);
    if (found.silent) said.push(`${plural(found.silent, "host")} not compared`);
    return `, for “${text}”: ${said.join(", ")}`;
  }

  // On a phone the filters take a line until they are asked for.
  const narrow = matchMedia("(max-width: 47.99rem)");
  const fold = () => { byId("filter-box").open = !narrow.matches; };

  // On a large screen the filters stay in sight; what is jumped to must not end up beneath them.
  const root = document.documentElement;
  const measure = () => {
    const height = form.offsetHeight;
    const stays = height < innerHeight * 0.3;
    form.classList.toggle("stays", stays);
    root.style.setProperty("--bar", stays && !narrow.matches ? `${height}px` : "0px");
  };

  let pinned = null; // the finding that the address names: shown whatever the filters say
  let marked = new Set(); // groups of the finding whose hosts were asked for
  let missing = ""; // what the address names, where this page has no such thing

  function apply() {
    const checked = (name) =>
      new Set(Array.from(form.querySelectorAll(`input[name=${name}]:checked`), (box) => box.value));
    const severities = checked("severity");
    const areas = checked("area");
    const text = hostInput ? hostInput.value.trim() : "";
    const found = text ? lookUp(text) : null;
    const active = severities.size > 0 || areas.size > 0 || found !== null;

    const passes = (finding) =>
      (severities.size === 0 || severities.has(finding.severity)) &&
      (areas.size === 0 || areas.has(finding.area)) &&
      (found === null || finding.groups.some((group) => found.groups.has(group)));

    let shown = 0;
    let pinnedIsExtra = false;
    const withMatches = [];
    for (const section of sections) {
      let inSection = 0;
      let sectionVisible = false;
      for (const part of section.parts) {
        let partVisible = false;
        for (const finding of part.findings) {
          const pass = passes(finding);
          const isPinned = finding.element === pinned;
          if (pass) inSection += finding.count;
          if (!pass && isPinned) pinnedIsExtra = true;
          if (pass || isPinned) partVisible = true;
          finding.element.classList.toggle("out", !pass && !isPinned);
        }
        part.element.classList.toggle("out", !partVisible);
        sectionVisible ||= partVisible;
      }
      section.element.classList.toggle("out", !sectionVisible);
      const all = section.badge.dataset.total;
      section.badge.textContent = active ? `${inSection} of ${all}` : all;
      if (inSection) withMatches.push(section);
      shown += inSection;
    }
    // A filter that only matches in closed sections would seem to match nothing.
    if (active && withMatches.length && withMatches.every((section) => !section.details.open)) {
      for (const section of withMatches) section.details.open = true;
    }

    let message = active
      ? `${shown} of ${plural(total, "finding")} shown`
      : `All ${plural(total, "finding")} shown`;
    if (total === 0) message = "No findings";
    if (found) message += aboutHosts(text, found);
    if (pinnedIsExtra) message += ", and the linked one that the filter would hide";
    if (missing) message += `; this report has no ${missing}`;
    if (status.textContent !== message) status.textContent = message;
    clearButton.hidden = !active;
  }

  function filterChanged() {
    pinned = null;
    missing = "";
    apply();
  }

  // Opens, shows and marks what the address names.
  function follow() {
    for (const old of document.querySelectorAll(".linked")) old.classList.remove("linked");
    let id = location.hash.slice(1);
    try {
      id = decodeURIComponent(id);
    } catch {
      // not an encoded name: taken as it is
    }
    const element = id ? byId(id) : null;
    pinned = element ? element.closest(".f") : null;
    missing = id && !element ? id : "";
    apply();
    if (!element) return;
    reveal(element);
    for (const group of groups) {
      if (!marked.has(group.id)) continue;
      group.element.classList.add("linked");
      if (marked.size <= 3) group.element.open = true;
    }
    marked = new Set();
    if (pinned) element.classList.add("linked");
    if (!element.hasAttribute("tabindex")) element.setAttribute("tabindex", "-1");
    element.focus({ preventScroll: true });
    // Findings out of sight have an assumed height until they come near: so look again.
    let looks = 4;
    const look = () => {
      measure();
      // One of several findings is best read below the heading they share, where both fit.
      const fits = pinned && pinned.offsetHeight < innerHeight * 0.5;
      (fits ? pinned : element).scrollIntoView({ block: "start" });
      if (--looks) requestAnimationFrame(look);
    };
    look();
  }

  function reveal(element) {
    if (element.matches("[data-section]")) {
      for (const own of element.querySelectorAll(":scope > details")) own.open = true;
    }
    for (let e = element; e; e = e.parentElement) if (e.tagName === "DETAILS") e.open = true;
  }

  document.addEventListener("click", (event) => {
    const link = event.target instanceof Element ? event.target.closest('a[href^="#"]') : null;
    if (!link) return;
    if (link.classList.contains("on-hosts")) marked = new Set(words(link.closest(".f").dataset.groups));
    if (link.hash === location.hash) {
      event.preventDefault();
      follow();
    }
  });
  addEventListener("hashchange", follow);

  let timer = 0;
  form.addEventListener("input", (event) => {
    clearTimeout(timer);
    if (event.target === hostInput) timer = setTimeout(filterChanged, 120);
    else filterChanged();
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    filterChanged();
  });
  clearButton.addEventListener("click", () => {
    form.reset();
    filterChanged();
    const box = byId("filter-box");
    (box.open ? hostInput || box.querySelector("input") : box.querySelector("summary"))?.focus();
  });
  // Names to choose from, made when first needed.
  hostInput?.addEventListener(
    "focus",
    () => {
      const names = groups.map((group) => group.name);
      for (const group of groups) names.push(...group.hosts);
      byId("host-names").append(
        ...names.concat(unchanged, silent).map((name) => {
          const option = document.createElement("option");
          option.value = name;
          return option;
        }),
      );
    },
    { once: true },
  );

  // Paper shows everything, for browsers that do not open <details> by style sheet alone.
  let opened = [];
  addEventListener("beforeprint", () => {
    opened = Array.from(document.querySelectorAll("details:not([open])"));
    for (const details of opened) details.open = true;
  });
  addEventListener("afterprint", () => {
    for (const details of opened) details.open = false;
    opened = [];
  });

  form.reset();
  form.hidden = false;
  fold();
  narrow.addEventListener("change", fold);
  measure();
  new ResizeObserver(measure).observe(form);
  addEventListener("resize", measure);
  if (location.hash) follow();
  else apply();
})();
