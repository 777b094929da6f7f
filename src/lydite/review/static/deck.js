// The cards ahead, and their pictures, fetched and decoded before they are needed.

import { get } from "./api.js";

const CARDS = 40;
const FEW = 24;
const PICTURES = 16;

export class Deck {
  constructor(pile, reviewer, queue, tell) {
    Object.assign(this, { pile, reviewer, queue, tell });
    this.cards = [];
    this.judged = new Set();
    this.pictures = new Map();
    this.ended = false;
    this.filling = null;
    this.closed = false;
  }

  address(card, side) {
    return `/image/${this.pile}/${card.row}/${side}`;
  }

  // A picture element whose pixels are decoded, or soon will be; `ready` tells when.
  picture(card, side = 1600) {
    const key = `${card.row}:${side}`;
    let found = this.pictures.get(key);
    if (!found || found.failed) {
      const image = new Image();
      image.alt = "";
      image.decoding = "async";
      image.draggable = false;
      image.src = this.address(card, side);
      found = { image, failed: false, decoded: false };
      found.ready = image.decode().catch(() => { found.failed = !image.naturalWidth; }).then(() => { found.decoded = true; });
      this.pictures.set(key, found);
    }
    return found;
  }

  async next() {
    if (!this.cards.length) await this.fill();
    const card = this.cards.shift();
    this.current = card;
    this.lookAhead();
    return card;
  }

  // Rows that are here or were answered here; the journal may not know of them yet.
  get taken() {
    const here = [...this.cards, ...(this.current ? [this.current] : [])];
    return new Set([...this.judged, ...here.map((card) => card.row)]);
  }

  putBack(card) {
    if (card) this.cards.unshift(card);
  }

  lookAhead() {
    if (this.cards.length < FEW && !this.ended) this.fill();
    const wanted = this.cards.slice(0, PICTURES);
    for (const card of wanted) {
      this.picture(card);
      for (const peer of card.peers) this.picture(peer);
    }
    if (this.pictures.size > 96) {
      for (const key of [...this.pictures.keys()].slice(0, this.pictures.size - 72)) this.pictures.delete(key);
    }
  }

  fill() {
    this.filling ??= this.fetch().finally(() => { this.filling = null; });
    return this.filling;
  }

  async fetch() {
    const have = [...this.taken].slice(-200);
    try {
      const query = { reviewer: this.reviewer, queue: this.queue, count: CARDS, have: have.join(",") };
      const answer = await get("/api/cards", query);
      if (this.closed) return;
      if (answer.pile !== this.pile) {
        location.reload();
        return;
      }
      const known = this.taken;
      const fresh = answer.cards.filter((card) => !known.has(card.row));
      this.cards.push(...fresh);
      this.ended = answer.cards.length < CARDS && !fresh.length;
    } catch (error) {
      this.tell(error);
    }
    this.lookAheadPictures();
  }

  lookAheadPictures() {
    for (const card of this.cards.slice(0, PICTURES)) this.picture(card);
  }
}
