// What stands beside the picture. Texts from outside enter as text, never as markup.

export const DIGITS = "1234567890";
const FAINT = 0.005;

export function element(tag, options = {}, ...children) {
  const made = document.createElement(tag);
  const { data, ...rest } = options;
  Object.assign(made, rest);
  for (const [name, value] of Object.entries(data || {})) made.dataset[name] = value;
  made.append(...children);
  return made;
}

const $ = (id) => document.getElementById(id);
const percent = (value) => `${(100 * value).toFixed(value > 0.0995 && value < 0.9995 ? 0 : 1)} %`;
const SAID = { keep: "OK", relabel: "relabelled", trash: "trash", unsure: "unsure" };

export class Panel {
  constructor(kind, choose, search) {
    this.regions = kind === "regions";
    this.choose = choose;
    this.search = search;
    this.classes = [];
    $("ok").lastElementChild.textContent = this.regions ? "Accept" : "OK";
    $("trash").firstElementChild.textContent = this.regions ? "Refuse" : "Trash";
    $("find").addEventListener("input", () => this.filter());
    $("find").addEventListener("keydown", (event) => this.pick(event));
  }

  setClasses(classes) {
    this.classes = classes;
    $("found").style.setProperty("--rows", classes.length); // its height stays as names are typed
    const more = element("button", { type: "button", className: "chip", title: "Type a part of its name", tabIndex: -1 }, element("kbd", { textContent: "/" }), element("span", { textContent: `any of ${classes.length} classes` }));
    more.addEventListener("click", () => this.search());
    $("chips").replaceChildren(...classes.slice(0, 10).map((name, place) => this.button(name, DIGITS[place])), ...(classes.length > 10 ? [more] : []));
    this.filter();
  }

  button(name, key) {
    const made = element("button", { type: "button", className: "chip", title: name, tabIndex: -1 });
    made.append(element("kbd", { textContent: key }), element("span", { textContent: name }));
    made.addEventListener("click", (event) => this.choose(name, event.timeStamp));
    return made;
  }

  show(card, before) {
    this.card = card;
    const what = this.regions ? "The outlined thing is:" : "Is this right?";
    $("asks").textContent = card.adjudicates ? "Disputed: your answer settles it" : before ? `Before: ${SAID[before.act] || before.act}${before.label ? ` · ${before.label}` : ""}` : what;
    $("asks").classList.toggle("before", Boolean(before));
    $("label").textContent = card.label || "No label yet";
    $("label").classList.toggle("long", card.label.length > 36);
    $("name").textContent = card.name + (card.region === null ? "" : ` · region ${card.region}`) + (card.shape && card.shape.score !== null ? ` · score ${card.shape.score.toFixed(2)}` : "");
    $("words").replaceChildren(...card.words.map(([who, said, label]) => element("p", {}, element("b", { textContent: who }), ` said ${said === "label" ? label : said}`)));
    $("beliefs").replaceChildren(...this.beliefs(card));
    $("reasons").replaceChildren(...card.reasons.map((reason) => element("li", {}, element("b", { textContent: reason.check.replaceAll(/[-_]/g, " ") }), reason.evidence ? ` ${reason.evidence}` : "")));
    for (const chip of $("chips").children) chip.classList.toggle("now", chip.title === card.label);
    $("ok").disabled = !card.label;
    this.suggestion = card.suggestion;
    const suggest = $("suggest");
    suggest.hidden = !card.suggestion;
    suggest.replaceChildren(element("span", { className: "sr", textContent: "It is " }), element("b", { textContent: card.suggestion }), " ", element("kbd", { textContent: "Enter" }));
    $("live").textContent = `${card.label || "no label"}, ${card.name}`;
  }

  beliefs(card) {
    if (!card.beliefs.length) return [];
    const worth = card.beliefs.filter(([name, value], place) => place < 2 || value >= FAINT);
    const rows = worth.map(([name, value]) => {
      const row = element("button", { type: "button", className: "belief", title: `It is ${name}`, tabIndex: -1 });
      const bar = element("span", { className: "bar" });
      bar.style.setProperty("--p", value);
      const key = this.classes.indexOf(name);
      row.append(element("kbd", { textContent: key >= 0 && key < 10 ? DIGITS[key] : "" }), element("span", { className: "who", textContent: name }), bar, element("span", { className: "num", textContent: percent(value) }));
      row.classList.toggle("now", name === card.label);
      row.addEventListener("click", (event) => this.choose(name, event.timeStamp));
      return row;
    });
    const source = card.honest ? "The model, which never saw this label:" : "The model, which may have learned from this label:";
    return [element("p", { className: "muted", textContent: source }), ...rows];
  }

  // The classes that a typed text means: those that begin with it, then those that hold it.
  filter() {
    const text = $("find").value.trim().toLocaleLowerCase();
    const held = this.classes.filter((name) => name.toLocaleLowerCase().includes(text));
    const first = held.filter((name) => name.toLocaleLowerCase().startsWith(text));
    this.matches = text ? [...first, ...held.filter((name) => !first.includes(name))] : held;
    this.chosen = 0;
    $("found").replaceChildren(...this.matches.slice(0, 60).map((name, place) => {
      const digit = DIGITS[this.classes.indexOf(name)];
      const option = element("li", { id: `found-${place}`, role: "option" }, name, ...(digit && !text ? [element("kbd", { textContent: digit, ariaHidden: true })] : []));
      option.addEventListener("pointerdown", (event) => event.preventDefault());
      option.addEventListener("click", (event) => this.choose(name, event.timeStamp));
      return option;
    }));
    this.mark(0);
  }

  mark(place) {
    this.chosen = Math.max(0, Math.min(place, $("found").children.length - 1));
    [...$("found").children].forEach((option, k) => option.setAttribute("aria-selected", k === this.chosen));
    const now = $("found").children[this.chosen];
    if (now) {
      $("find").setAttribute("aria-activedescendant", now.id);
      now.scrollIntoView({ block: "nearest" });
    } else $("find").removeAttribute("aria-activedescendant");
  }

  pick(event) {
    const steps = { ArrowDown: 1, ArrowUp: -1, PageDown: 8, PageUp: -8 };
    if (steps[event.key]) this.mark(this.chosen + steps[event.key]);
    else if (event.key === "Enter" && this.matches[this.chosen]) this.choose(this.matches[this.chosen], event.timeStamp);
    else if (event.key !== "Escape") return;
    event.preventDefault();
    if (event.key === "Escape") $("find").blur();
    if (!steps[event.key]) event.stopPropagation();
  }

  ask(open) {
    $("doubt").hidden = !open;
    document.body.classList.toggle("doubting", open);
    $("find").value = "";
    if (!open) $("find").blur();
    this.filter();
  }

  estimate(summary) {
    const { left, total, stop } = summary;
    const box = $("left");
    if (!left.sample) box.textContent = "";
    else box.textContent = `Errors left: about ${Math.round(left.estimate)} (${left.low} to ${left.high}) of ${total.toLocaleString("en")}`;
    box.classList.toggle("stop", stop);
    if (stop) box.append(element("b", { textContent: "Few errors are left. You can stop here." }));
  }
}

export class Pace {
  constructor() {
    this.times = [];
  }

  add() {
    const now = Date.now();
    if (this.times.length && now - this.times.at(-1) > 60000) this.times = [];
    this.times = [...this.times.slice(-39), now];
  }

  text(left) {
    if (this.times.length < 4 || !left) return "";
    const rate = ((this.times.length - 1) / Math.max(1, this.times.at(-1) - this.times[0])) * 60000;
    const minutes = left / rate;
    const end = new Date(Date.now() + minutes * 60000);
    const clock = end.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
    const rest = minutes < 90 ? `${Math.ceil(minutes)} min left` : `${(minutes / 60).toFixed(1)} h left`;
    return `${Math.round(rate)} a minute · ${rest}${minutes < 720 ? `, until ${clock}` : ""}`;
  }
}
