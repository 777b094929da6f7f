// Keys, summary, classes, and who is looking.

import { get } from "./api.js";
import { element } from "./panel.js";

const $ = (id) => document.getElementById(id);

const KEYS = (regions) => [
  ["←", regions ? "accept: it is one, of this class" : "OK: the label is right"],
  ["→", "suspicious: opens the answers below"],
  ["Enter or →", "… it is the suggested class"],
  ["T or Delete", regions ? "… refuse: it is none" : "… trash: it belongs to no class"],
  ["U", "… unsure: left to others"],
  ["1 … 9, 0", "it is the class of this number"],
  ["/", "type the name of a class; ↑ ↓ and Enter choose"],
  ["Z or Backspace", "undo, as often as you like"],
  ["Y", "redo"],
  ["+ − and wheel", "zoom; drag to move"],
  ["Space", regions ? "whole picture and back" : "zoom in and out"],
  ["S · C · ?", "summary · classes · this list"],
];

export function askWho(preset) {
  return new Promise((resolve) => {
    if (preset) return resolve(preset);
    $("who").showModal();
    $("who").addEventListener("cancel", (event) => event.preventDefault());
    $("who").addEventListener("close", () => {
      const name = $("reviewer").value.trim();
      if (name) resolve(name);
      else $("who").showModal();
    });
  });
}

const GESTURES = (regions) => [
  ["swipe left", regions ? "accept" : "OK: the label is right"],
  ["swipe right", "suspicious: opens the answers below"],
  ["pinch", "zoom; drag to move"],
  ["tap twice", regions ? "whole picture and back" : "zoom in and out"],
];

// Gestures first where fingers are what points.
export function showHelp(kind) {
  const [regions, touch] = [kind === "regions", matchMedia("(pointer: coarse)").matches];
  const rows = touch ? [...GESTURES(regions), ...KEYS(regions)] : [...KEYS(regions), ...(navigator.maxTouchPoints ? GESTURES(regions) : [])];
  $("keys").replaceChildren(...rows.flatMap(([key, what]) => [element("dt", {}, element("kbd", { textContent: key })), element("dd", { textContent: what })]));
  $("help").showModal();
}

const ORDER = (regions) => [["keep", regions ? "accepted" : "OK"], ["relabel", "relabelled"], ["trash", regions ? "refused" : "trash"], ["unsure", "unsure"], ["disputed", "disputed"]];

export async function showSummary(kind) {
  const found = await get("/api/summary", {});
  const seen = Object.values(found.counts).reduce((a, b) => a + b, 0);
  const rows = [["seen", `${seen.toLocaleString("en")} of ${found.total.toLocaleString("en")}`], ...ORDER(kind === "regions").map(([key, name]) => [name, (found.counts[key] || 0).toLocaleString("en")])];
  const { left } = found;
  rows.push(["errors left", left.sample ? `about ${Math.round(left.estimate)}, with ${Math.round(100 * left.level)} % confidence ${left.low} to ${left.high}` : "not known yet: review some of the random slice"]);
  const list = element("dl", { className: "figures" }, ...rows.flatMap(([name, value]) => [element("dt", { textContent: name }), element("dd", { textContent: value })]));
  const pairs = found.agreements.map((pair) => element("p", { textContent: `${pair.left} and ${pair.right}: ${pair.same} of ${pair.both} alike${pair.kappa === null ? "" : `, kappa ${pair.kappa.toFixed(2)}`}` }));
  $("figures").replaceChildren(list, ...(pairs.length ? [element("h3", { textContent: "Agreement" }), ...pairs] : []));
  $("summary").showModal();
}

// Changes go out as acts; `change` returns when the journal has answered.
export class Classes {
  constructor(change) {
    this.change = change;
    $("add").addEventListener("submit", (event) => {
      event.preventDefault();
      const input = $("add").querySelector("input");
      this.do({ act: "add", label: input.value.trim() }).then((done) => { if (done) input.value = ""; });
    });
    $("leave").addEventListener("click", () => this.leave());
    $("change").addEventListener("submit", (event) => {
      event.preventDefault();
      const target = this.act === "rename" ? $("new-name").value.trim() : $("into").value;
      this.do({ act: this.act, label: this.name, target });
    });
  }

  async open() {
    this.leave();
    if (!$("classes").open) $("classes").showModal();
    const { per_class: counts } = await get("/api/summary", {});
    this.names = Object.keys(counts);
    $("class-rows").replaceChildren(...this.names.map((name) => {
      const buttons = [["rename", "Rename"], ["merge", "Merge"]].map(([act, text]) => {
        const button = element("button", { type: "button", textContent: text });
        button.setAttribute("aria-label", `${text} ${name}`);
        button.addEventListener("click", () => this.ask(act, name));
        return button;
      });
      return element("tr", {}, element("th", { scope: "row", textContent: name }), element("td", { className: "num", textContent: counts[name].toLocaleString("en") }), element("td", {}, ...buttons));
    }));
  }

  leave() {
    $("refused").textContent = "";
    $("change").hidden = true;
    $("add").hidden = false;
  }

  // The question takes the place of the field for a new class: the table stays where it is.
  ask(act, name) {
    Object.assign(this, { act, name });
    $("change").hidden = false;
    $("add").hidden = true;
    $("classes").scrollTop = 0;
    $("change-title").textContent = act === "rename" ? `New name of ${name}` : `Merge ${name} into`;
    $("new-name").hidden = act !== "rename";
    $("into").hidden = act === "rename";
    $("new-name").value = name;
    $("into").replaceChildren(...this.names.filter((other) => other !== name).map((other) => element("option", { textContent: other, value: other })));
    (act === "rename" ? $("new-name") : $("into")).focus();
  }

  async do(act) {
    const error = await this.change(act);
    if (!error) await this.open();
    $("refused").textContent = error;
    return !error;
  }
}
