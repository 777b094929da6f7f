// Acts wait here until the journal has acknowledged them. One entry of the browser's storage an act, so that
// a closed tab, a crash or a lost connection loses nothing, and tabs do not overwrite each other. The server
// knows a repeated act by its id, so that sending twice writes once.

import { Offline, post } from "./api.js";

const BATCH = 100;

export class Outbox {
  constructor(journal, reviewer, tell) {
    this.prefix = `lydite:${journal}:${reviewer}:`;
    this.reviewer = reviewer;
    this.tell = tell;
    this.clock = 0;
    this.sending = null;
    this.pause = 250;
    this.offline = false;
    window.addEventListener("online", () => this.flush());
    if (this.waiting.length) this.flush();
  }

  get keys() {
    const all = [];
    for (let i = 0; i < localStorage.length; i += 1) {
      const key = localStorage.key(i);
      if (key.startsWith(this.prefix)) all.push(key);
    }
    return all.sort();
  }

  get waiting() {
    return this.keys.map((key) => JSON.parse(localStorage.getItem(key)));
  }

  add(act) {
    this.clock = Math.max(this.clock + 1, Date.now());
    localStorage.setItem(`${this.prefix}${String(this.clock).padStart(16, "0")}:${act.id}`, JSON.stringify(act));
    this.tell({ waiting: this.keys.length, offline: this.offline });
    this.flush();
  }

  // Resolves when nothing waits any more, or the connection is lost.
  flush() {
    this.sending ??= this.send().finally(() => { this.sending = null; });
    return this.sending;
  }

  async send() {
    clearTimeout(this.timer);
    for (let keys = this.keys; keys.length; keys = this.keys) {
      const batch = keys.slice(0, BATCH);
      const acts = batch.map((key) => JSON.parse(localStorage.getItem(key))).filter(Boolean);
      let answer;
      try {
        answer = await post("/api/acts", { reviewer: this.reviewer, acts });
      } catch (error) {
        this.offline = error instanceof Offline;
        this.tell({ waiting: this.keys.length, offline: this.offline, error: this.offline ? "" : error.message });
        this.pause = Math.min(this.pause * 2, 5000);
        this.timer = setTimeout(() => this.flush(), this.pause);
        return;
      }
      this.pause = 250;
      this.offline = false;
      const settled = new Set(answer.receipts.map((receipt) => receipt.id));
      for (const key of batch) {
        if (settled.has(key.slice(key.lastIndexOf(":") + 1))) localStorage.removeItem(key);
      }
      const refused = answer.receipts.filter((receipt) => receipt.error);
      this.tell({ waiting: this.keys.length, offline: false, classes: answer.classes, refused });
    }
  }
}

export function newId() {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((b) => b.toString(16).padStart(2, "0")).join("");
}
