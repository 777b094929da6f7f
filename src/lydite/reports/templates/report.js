/* One classic script for all pages, without modules or requests, so that file:// works.
   Pages hold everything without it; it adds theme, keys, filter, highlight and copying. */
(() => {
  "use strict";
  const root = document.documentElement;

  const recall = (key) => { try { return localStorage.getItem("lydite." + key); } catch { return null; } };
  const remember = (key, value) => { try { localStorage.setItem("lydite." + key, value); } catch { /* private mode */ } };

  const chosen = recall("theme");
  if (chosen) root.dataset.theme = chosen;

  function switchTheme() {
    const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
    root.dataset.theme = dark ? "light" : "dark";
    remember("theme", root.dataset.theme);
  }

  function turnPages(event) {
    if (event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
    if (event.target.closest("input:not([type=checkbox]), select, textarea")) return;
    const relation = { ArrowLeft: "prev", ArrowRight: "next" }[event.key];
    const link = relation && document.querySelector(`a[rel="${relation}"]`);
    if (link) { event.preventDefault(); link.click(); }
  }

  function filterGallery(form) {
    const cards = [...document.querySelectorAll("main > .cards > .card")];
    const show = form.elements["show"], kind = form.elements["class"], output = form.querySelector("output");
    const wanted = new URLSearchParams(location.hash.slice(1));
    if ([...show.options].some((o) => o.value === wanted.get("show"))) show.value = wanted.get("show");
    if ([...kind.options].some((o) => o.value === wanted.get("class"))) kind.value = wanted.get("class");
    const fits = (card) => {
      const failed = "failed" in card.dataset, count = Number(card.dataset.count);
      const state = { all: true, with: count > 0, without: !failed && count === 0, failed }[show.value];
      return state && (!kind.value || card.dataset.classes.split(" ").includes(kind.value));
    };
    const apply = () => {
      let shown = 0;
      for (const card of cards) { card.hidden = !fits(card); shown += card.hidden ? 0 : 1; }
      const all = show.value === "all" && !kind.value;
      output.textContent = all ? "" : `${shown} of ${cards.length} on this page`;
      document.querySelector(".nothing").hidden = shown > 0;
      const hash = all ? "" : "#" + new URLSearchParams({ show: show.value, class: kind.value });
      history.replaceState(null, "", hash || location.pathname);
      for (const link of document.querySelectorAll(".pager a")) link.hash = hash;
    };
    form.addEventListener("change", apply);
    form.addEventListener("submit", (event) => event.preventDefault());
    form.hidden = false;
    if (location.hash) apply();
  }

  function linkRegions(stage) {
    let pinned = null;
    const mark = (number) => {
      for (const element of document.querySelectorAll("[data-region]")) {
        element.classList.toggle("on", element.dataset.region === number);
      }
      stage.classList.toggle("focused", number !== null);
    };
    const regionOf = (event) => event.target.closest?.("[data-region]")?.dataset.region ?? null;
    const row = (number) => document.querySelector(`tbody[data-region="${number}"]`);
    document.addEventListener("pointerover", (event) => { if (event.pointerType !== "touch") mark(regionOf(event) ?? pinned); });
    document.addEventListener("focusin", (event) => { const number = regionOf(event); if (number !== null) mark(pinned = number); });
    document.addEventListener("click", (event) => {
      if (event.target.closest("a, button, label, input, summary")) return;
      const number = regionOf(event);
      mark(pinned = number);
      if (number !== null && stage.contains(event.target)) row(number).scrollIntoView({ block: "center" });
    });
    document.addEventListener("keydown", (event) => { if (event.key === "Escape") mark(pinned = null); });
    const target = location.hash.match(/^#r(\d+)$/);
    if (target && row(target[1])) mark(pinned = target[1]);
  }

  function keepToggles(form) {
    for (const box of form.querySelectorAll("input:not([disabled])")) {
      const kept = recall("show." + box.name);
      if (kept !== null) box.checked = kept === "yes";
      box.addEventListener("change", () => remember("show." + box.name, box.checked ? "yes" : "no"));
    }
    const crowded = "crowded" in form.dataset && matchMedia("(max-width: 42rem)").matches;
    if (crowded && recall("show.labels") === null) form.elements["labels"].checked = false;
    form.addEventListener("submit", (event) => event.preventDefault());
  }

  async function copy(button) {
    const text = button.dataset.copy;
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      const area = document.body.appendChild(Object.assign(document.createElement("textarea"), { value: text }));
      area.select();
      document.execCommand("copy");
      area.remove();
    }
    button.textContent = "Copied";
    setTimeout(() => { button.textContent = "Copy"; }, 1500);
  }

  document.addEventListener("DOMContentLoaded", () => {
    const theme = document.querySelector(".theme");
    theme.hidden = false;
    theme.addEventListener("click", switchTheme);
    document.addEventListener("keydown", turnPages);
    const filters = document.querySelector(".filters"), stage = document.querySelector(".stage");
    if (filters) filterGallery(filters);
    if (stage) { keepToggles(stage.querySelector(".toggles")); linkRegions(stage); }
    for (const button of document.querySelectorAll(".copy")) {
      button.hidden = false;
      button.addEventListener("click", () => copy(button));
    }
  });
})();
