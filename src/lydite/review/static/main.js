// One picture after another: keys, buttons and swipes become acts.

import { get, Offline } from "./api.js";
import { Deck } from "./deck.js";
import { askWho, Classes, showHelp, showSummary } from "./dialogs.js";
import { newId, Outbox } from "./outbox.js";
import { DIGITS, element, Pace, Panel } from "./panel.js";
import { Stage } from "./stage.js";

const $ = (id) => document.getElementById(id);
const REFRESH = 20;

class Review {
  constructor(reviewer, hello) {
    Object.assign(this, { reviewer, kind: hello.kind, pile: hello.pile, classes: hello.classes });
    this.past = [];
    this.future = [];
    this.done = 0;
    this.acts = 0;
    this.pace = new Pace();
    this.refusals = new Map();
    this.panel = new Panel(hello.kind, (name, at) => this.choose(name, at), () => this.search());
    this.panel.setClasses(hello.classes);
    this.stage = new Stage($("stage"), (what, at) => (what === "ok" ? this.ok(at) : this.odd(at)));
    this.stage.words = [hello.kind === "regions" ? "Accept" : "OK", "Suspicious"];
    this.outbox = new Outbox(hello.journal, reviewer, (news) => this.hear(news));
    this.dialog = new Classes((act) => this.changeClasses(act));
    this.setQueues(hello.queues);
    this.bind();
  }

  bind() {
    const on = (id, what) => $(id).addEventListener("click", (event) => { what(event.timeStamp); $(id).blur(); });
    on("ok", (at) => this.ok(at));
    on("odd", (at) => this.odd(at));
    on("undo", () => this.undo());
    on("suggest", (at) => this.choose(this.panel.suggestion, at));
    on("trash", (at) => this.judge("trash", "", at));
    on("unsure", (at) => this.judge("unsure", "", at));
    on("back", () => this.doubt(false));
    on("open-help", () => showHelp(this.kind));
    on("open-summary", () => this.summarise());
    on("open-classes", () => this.openClasses());
    $("queue").addEventListener("change", () => { $("queue").blur(); this.open($("queue").value); });
    document.addEventListener("keydown", (event) => this.key(event));
  }

  key(event) {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
    if (event.target.matches("input, select, textarea")) return;
    const at = event.timeStamp;
    const pressed = event.target.matches("button, a") && (event.key === "Enter" || event.key === " ");
    const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    const often = { Backspace: () => this.undo(), z: () => (event.shiftKey ? this.redo() : this.undo()), y: () => this.redo(), "+": () => this.stage.zoom(1.4), "=": () => this.stage.zoom(1.4), "-": () => this.stage.zoom(1 / 1.4) };
    const once = {
      ArrowLeft: () => (this.doubting ? this.doubt(false) : this.ok(at)),
      ArrowRight: () => (this.doubting ? this.choose(this.panel.suggestion, at) : this.odd(at)),
      Enter: () => (this.doubting ? this.choose(this.panel.suggestion, at) : this.goOn()),
      Escape: () => this.doubt(false),
      t: () => this.judge("trash", "", at),
      Delete: () => this.judge("trash", "", at),
      u: () => this.judge("unsure", "", at),
      "/": () => this.search(),
      " ": () => this.stage.toggle(),
      "?": () => showHelp(this.kind),
      h: () => showHelp(this.kind),
      s: () => this.summarise(),
      c: () => this.openClasses(),
    };
    const place = DIGITS.indexOf(key);
    if (place >= 0 && key.length === 1) once[key] = () => this.classes[place] && this.choose(this.classes[place], at);
    const action = often[key] || (!event.repeat && once[key]);
    if (pressed || !(key in often || key in once)) return;
    event.preventDefault();
    if (action) action();
  }

  setQueues(queues) {
    this.queues = new Map(queues.map((queue) => [queue.name, queue]));
    const now = $("queue").value;
    const groups = [["Queues", queues.filter((q) => !q.name.startsWith("class:"))], ["By class", queues.filter((q) => q.name.startsWith("class:"))]];
    $("queue").replaceChildren(...groups.filter(([, found]) => found.length).map(([title, found]) => {
      const group = document.createElement("optgroup");
      group.label = title;
      group.append(...found.map((q) => new Option(`${q.title} (${(q.total - q.done).toLocaleString("en")})`, q.name)));
      return group;
    }));
    if (this.queues.has(now)) $("queue").value = now;
  }

  async open(name) {
    if (this.deck) this.deck.closed = true;
    const queue = this.queues.has(name) ? name : this.queues.keys().next().value;
    $("queue").value = queue;
    history.replaceState(null, "", `?${new URLSearchParams({ queue })}`);
    this.done = this.queues.get(queue).done;
    this.total = this.queues.get(queue).total;
    this.deck = new Deck(this.pile, this.reviewer, queue, (error) => this.trouble(error));
    this.doubt(false);
    await this.advance();
  }

  async advance(at = 0) {
    const deck = this.deck;
    this.card = null;
    this.look(false);
    const card = await deck.next();
    if (deck !== this.deck || this.card) return;
    if (card) await this.show(card, null, at);
    else this.finish();
    this.count();
  }

  async show(card, before = null, at = 0) {
    this.card = card;
    this.look(false); // no answer to a picture that is not there yet
    document.body.classList.remove("finished");
    this.panel.show(card, before);
    await this.stage.show(card, this.deck);
    if (this.card !== card) return;
    this.look(true);
    if (at) {
      const channel = new MessageChannel();
      requestAnimationFrame(() => channel.port2.postMessage(0));
      channel.port1.onmessage = () => performance.measure("key to picture", { start: at, end: performance.now() });
    }
  }

  look(visible) {
    this.visible = visible;
    document.body.classList.toggle("looking", visible);
  }

  async finish() {
    this.look(false);
    document.body.classList.add("finished");
    if (this.outbox.offline) {
      this.stage.say("No connection, and no more pictures here. Your answers are kept and sent when it is back.");
      this.retry = setTimeout(() => !this.card && this.advance(), 1500);
      return;
    }
    const deck = this.deck;
    this.stage.say(...this.ending());
    await this.outbox.flush();
    const standing = await get("/api/standing", { reviewer: this.reviewer }).catch(() => null);
    if (!standing || deck !== this.deck || this.card) return;
    this.setQueues(standing.queues);
    this.stage.say(...this.ending());
  }

  // What stands in place of the picture after the last one.
  ending() {
    const seen = this.total && this.done >= this.total;
    const title = seen ? "This queue is done." : "Nothing is left here for you.";
    const why = seen ? `You have seen ${this.total === 1 ? "the one" : `all ${this.total.toLocaleString("en")}`} of it.` : "Others have seen the rest, or have it before them now.";
    const button = (text, key, what, className = "") => {
      const made = element("button", { type: "button", className }, `${text} `, element("kbd", { textContent: key }));
      made.addEventListener("click", what);
      return made;
    };
    const next = this.nextQueue;
    const buttons = next ? [button(`Go on: ${next.title} (${(next.total - next.done).toLocaleString("en")})`, "Enter", () => this.goOn(), "main")] : [];
    buttons.push(button("Summary", "S", () => this.summarise()));
    return [element("h2", { textContent: title }), element("p", { textContent: next ? why : `${why} No other queue has anything for you.` }), element("div", {}, ...buttons)];
  }

  get nextQueue() {
    return [...this.queues.values()].find((queue) => queue.total > queue.done && queue.name !== this.deck.queue);
  }

  goOn() {
    if (!this.card && document.body.matches(".finished") && this.nextQueue) this.open(this.nextQueue.name);
  }

  search() {
    this.doubt(true);
    $("find").focus();
  }

  count() {
    $("bar").value = this.total ? this.done / this.total : 1;
    $("count").textContent = `${this.done.toLocaleString("en")} of ${this.total.toLocaleString("en")}`;
    $("pace").textContent = this.pace.text(Math.max(0, this.total - this.done));
    $("undo").disabled = false;
  }

  send(act) {
    const whole = { id: newId(), at: new Date().toISOString(), queue: this.deck ? this.deck.queue : "", ...act };
    this.outbox.add(whole);
    return whole;
  }

  ok(at) {
    if (!this.card) return;
    if (this.card.label) this.judge("keep", this.card.label, at);
    else this.odd(at);
  }

  odd() {
    if (this.card) this.doubt(true);
  }

  doubt(open) {
    this.doubting = open && Boolean(this.card) && this.visible;
    this.panel.ask(this.doubting);
  }

  choose(name, at) {
    if (name && this.card) this.judge(name === this.card.label ? "keep" : "relabel", name, at);
  }

  judge(act, label, at) {
    const { card } = this;
    if (!card || !this.visible) return;
    const sent = this.send({ act, label, item: card.item, region: card.region, adjudicates: card.adjudicates && act !== "unsure" });
    this.deck.judged.add(card.row);
    this.past.push({ ...sent, card });
    this.future = [];
    this.done += 1;
    this.acts += 1;
    this.pace.add();
    this.doubt(false);
    this.advance(at);
    if (this.acts % REFRESH === 0) this.estimate();
  }

  // One after the other: the first may have to wait for acts of earlier sessions, and no key is lost meanwhile.
  undo() {
    this.undoing = (this.undoing ?? Promise.resolve()).then(async () => {
      if (!this.past.length) await this.recall();
      this.undoLast();
    });
  }

  undoLast() {
    const last = this.past.pop();
    if (!last) {
      this.toast("There is nothing left to undo.");
      return;
    }
    const undo = this.send({ act: "undo", undoes: last.id });
    this.future.push({ undo, last });
    if (last.card) this.bring(last);
    else {
      this.toast(`Undone: ${last.act} ${last.label}`);
      this.outbox.flush().then(() => this.reload());
    }
  }

  bring(last) {
    this.deck.judged.delete(last.card.row);
    this.deck.cards = this.deck.cards.filter((card) => card.row !== last.card.row);
    if (this.card && this.card.row !== last.card.row) this.deck.putBack(this.card);
    this.deck.current = last.card;
    this.done = Math.max(0, this.done - 1);
    this.doubt(false);
    this.show(last.card, last);
    this.count();
  }

  redo() {
    const step = this.future.pop();
    if (!step) return;
    this.send({ act: "undo", undoes: step.undo.id });
    this.past.push(step.last);
    if (!step.last.card) {
      this.outbox.flush().then(() => this.reload());
      return;
    }
    this.deck.judged.add(step.last.card.row);
    this.done += 1;
    if (this.card && this.card.row !== step.last.card.row) this.deck.putBack(this.card);
    this.advance();
  }

  // Acts of earlier sessions, so that undo reaches as far back as the journal does.
  async recall() {
    await this.outbox.flush();
    try {
      const { acts } = await get("/api/past", { reviewer: this.reviewer });
      this.past = acts.reverse();
    } catch (error) {
      this.trouble(error);
    }
  }

  async changeClasses(act) {
    const sent = this.send(act);
    this.past.push(sent);
    await this.outbox.flush();
    if (this.outbox.offline) return "No connection: the change is kept and sent later.";
    const error = this.refusals.get(sent.id);
    if (!error) await this.reload();
    return error || "";
  }

  async reload() {
    const standing = await get("/api/standing", { reviewer: this.reviewer });
    this.classes = standing.classes;
    this.panel.setClasses(standing.classes);
    this.setQueues(standing.queues);
    await this.open(this.deck.queue);
  }

  hear({ waiting, offline, error, classes, refused = [] }) {
    const wire = $("wire");
    wire.textContent = offline ? `no connection · ${waiting} waiting` : waiting ? `${waiting} waiting` : "saved";
    wire.className = offline ? "lost" : "";
    if (error) this.toast(error);
    for (const receipt of refused) {
      this.refusals.set(receipt.id, receipt.error);
      this.past = this.past.filter((act) => act.id !== receipt.id);
      if (!document.querySelector("#classes[open]")) this.toast(`Not taken: ${receipt.error}`);
    }
    if (classes && classes.join("\n") !== this.classes.join("\n")) {
      this.classes = classes;
      this.panel.setClasses(classes);
    }
  }

  trouble(error) {
    if (error instanceof Offline) this.hear({ waiting: this.outbox.keys.length, offline: true });
    else this.toast(error.message);
  }

  async summarise() {
    await this.outbox.flush();
    await showSummary(this.kind).catch((error) => this.trouble(error));
  }

  async openClasses() {
    await this.outbox.flush();
    await this.dialog.open().catch((error) => this.trouble(error));
  }

  async estimate() {
    const found = await get("/api/summary", {}).catch(() => null);
    if (found) this.panel.estimate(found);
  }

  toast(text) {
    $("toast").textContent = text;
    clearTimeout(this.fading);
    this.fading = setTimeout(() => { $("toast").textContent = ""; }, 5000);
  }
}

function setTheme(theme) {
  if (theme) document.documentElement.dataset.theme = theme;
  localStorage.setItem("lydite:theme", theme || "");
}

async function begin() {
  setTheme(localStorage.getItem("lydite:theme"));
  $("theme").addEventListener("click", () => {
    const dark = getComputedStyle(document.documentElement).colorScheme === "dark";
    setTheme(dark ? "light" : "dark");
  });
  const query = new URLSearchParams(location.search);
  const reviewer = await askWho(query.get("reviewer") || localStorage.getItem("lydite:reviewer"));
  localStorage.setItem("lydite:reviewer", reviewer);
  let hello = null;
  while (!hello) {
    try {
      hello = await get("/api/hello", { reviewer });
    } catch (error) {
      $("wire").textContent = error.message;
      $("wire").className = "lost";
      await new Promise((resolve) => { setTimeout(resolve, 1000); });
    }
  }
  $("wire").textContent = "";
  $("wire").className = "";
  const review = new Review(reviewer, hello);
  await review.open(query.get("queue"));
  document.body.classList.add("ready");
  review.estimate();
}

begin();
