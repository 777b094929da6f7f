// The picture: fitted, enlarged, dragged, swiped; outlines of regions; copies side by side.

const SVG = "http://www.w3.org/2000/svg";
const TINY = 8;
const SWIPE = 0.22;
const CAPTION = 30;

export class Stage {
  constructor(root, act) {
    this.root = root;
    this.frames = root.querySelector("#frames");
    this.hint = root.querySelector("#hint");
    this.note = root.querySelector("#note");
    this.act = act;
    this.pointers = new Map();
    this.reset();
    new ResizeObserver(() => this.fit()).observe(root);
    root.addEventListener("wheel", (event) => this.wheel(event), { passive: false });
    root.addEventListener("pointerdown", (event) => this.down(event));
    root.addEventListener("pointermove", (event) => this.move(event));
    for (const end of ["pointerup", "pointercancel"]) root.addEventListener(end, (event) => this.up(event));
    root.addEventListener("dblclick", () => this.toggle());
  }

  reset() {
    this.scale = 1;
    this.x = 0;
    this.y = 0;
  }

  // Shows a card at once if its picture is decoded; resolves when it is on the screen.
  async show(card, deck) {
    this.card = card;
    this.deck = deck;
    this.note.hidden = true;
    this.reset();
    const main = deck.picture(card);
    if (!main.decoded) {
      this.frames.replaceChildren(); // never an old picture beside a new label
      await main.ready;
    }
    if (this.card !== card) return;
    if (main.failed) {
      this.say(`This picture cannot be shown: ${card.name}`);
      return;
    }
    const all = [this.figure(card, main.image, true), ...card.peers.map((peer) => this.figure(peer, deck.picture(peer).image, false))];
    this.frames.replaceChildren(...all);
    this.frames.classList.toggle("several", all.length > 1);
    this.main = all[0];
    this.whole = false;
    this.fit();
    for (const peer of card.peers) deck.picture(peer).ready.then(() => this.fit());
  }

  // Words, or elements, in place of a picture.
  say(...parts) {
    this.frames.replaceChildren();
    this.main = null;
    this.note.replaceChildren(...parts);
    this.note.hidden = false;
  }

  figure(card, image, first) {
    const figure = document.createElement("figure");
    const sheet = document.createElement("div");
    sheet.className = "sheet";
    image.alt = first ? `Picture ${card.name}` : `Copy ${card.name}, labelled ${card.label}`;
    sheet.append(image);
    if (card.shape) sheet.append(outline(card.shape));
    figure.append(sheet);
    if (this.card.peers.length) {
      const caption = document.createElement("figcaption");
      const name = document.createElement("b");
      name.textContent = first ? "This one" : card.label || "no label";
      caption.append(name, ` ${card.name}`);
      figure.append(caption);
    }
    figure.classList.toggle("first", first);
    return figure;
  }

  fit() {
    this.lay();
    for (const figure of this.frames.children) {
      const sheet = figure.firstElementChild;
      const image = sheet.firstElementChild;
      const [height, width] = this.sizeOf(image);
      if (!width || !height) continue;
      const caption = figure.children[1] ? figure.children[1].offsetHeight + 6 : 0;
      const room = [figure.clientWidth, figure.clientHeight - caption];
      const scale = Math.min(room[0] / width, room[1] / height, TINY);
      sheet.style.width = `${Math.max(1, width * scale)}px`;
      sheet.style.height = `${Math.max(1, height * scale)}px`;
      image.classList.toggle("pixels", scale >= 3);
      sheet.dataset.scale = scale;
    }
    if (this.main && this.card.shape && !this.whole) this.aim();
    else this.place();
  }

  sizeOf(image) {
    return this.card.shape ? this.card.shape.size : [image.naturalHeight, image.naturalWidth];
  }

  // As many columns as make copies largest.
  lay() {
    const count = this.frames.children.length;
    if (count < 2) {
      this.frames.style.setProperty("--columns", 1);
      return;
    }
    const [height, width] = this.sizeOf(this.frames.querySelector("img"));
    const enlarged = (columns) => Math.min(this.frames.clientWidth / columns / width, (this.frames.clientHeight / Math.ceil(count / columns) - CAPTION) / height);
    const columns = Array.from({ length: count }, (_, k) => count - k);
    this.frames.style.setProperty("--columns", columns.reduce((best, now) => (enlarged(now) > enlarged(best) ? now : best)));
  }

  // Enlarge until a region and what lies around it fill the stage, and no edge of the picture stands within it.
  aim() {
    const [x0, y0, x1, y1] = this.card.shape.box;
    const sheet = this.main.firstElementChild;
    const unit = Number(sheet.dataset.scale);
    const [width, height] = [sheet.offsetWidth, sheet.offsetHeight];
    const margin = 0.8 * Math.max(x1 - x0, y1 - y0) + 12;
    const wanted = Math.min(this.frames.clientWidth / ((x1 - x0 + 2 * margin) * unit), this.frames.clientHeight / ((y1 - y0 + 2 * margin) * unit));
    this.scale = Math.min(Math.max(1, wanted), 8 / Math.min(unit, 1));
    const within = (value, size, room) => Math.max(-Math.max(0, (size * this.scale - room) / 2), Math.min(Math.max(0, (size * this.scale - room) / 2), value));
    this.x = within((width / 2 - ((x0 + x1) / 2) * unit) * this.scale, width, this.frames.clientWidth);
    this.y = within((height / 2 - ((y0 + y1) / 2) * unit) * this.scale, height, this.frames.clientHeight);
    this.place();
  }

  place(dx = 0) {
    if (!this.main) return;
    const sheet = this.main.firstElementChild;
    sheet.style.transform = `translate(${this.x + dx}px, ${this.y}px) scale(${this.scale})`;
    sheet.style.setProperty("--zoom", this.scale * Number(sheet.dataset.scale || 1));
    if (this.scale > 1.5 && this.deck && !sheet.dataset.fine) {
      sheet.dataset.fine = "1";
      const { image, ready } = this.deck.picture(this.card, 4096);
      const before = sheet.firstElementChild;
      ready.then(() => {
        if (before.isConnected && image.naturalWidth > before.naturalWidth) {
          image.alt = before.alt;
          image.className = before.className;
          before.replaceWith(image);
        }
      });
    }
  }

  zoom(factor, cx = 0, cy = 0) {
    const scale = Math.min(Math.max(this.scale * factor, 1), 40);
    this.x = cx - ((cx - this.x) * scale) / this.scale;
    this.y = cy - ((cy - this.y) * scale) / this.scale;
    this.scale = scale;
    if (scale === 1) this.x = this.y = 0;
    this.place();
  }

  toggle() {
    if (this.card && this.card.shape) {
      this.whole = !this.whole;
      this.reset();
      this.fit();
    } else if (this.scale > 1) {
      this.reset();
      this.place();
    } else this.zoom(3);
  }

  wheel(event) {
    event.preventDefault();
    this.zoom(Math.exp(-event.deltaY / 400), ...this.centred(event));
  }

  centred(event) {
    const box = this.frames.getBoundingClientRect();
    return [event.clientX - box.left - box.width / 2, event.clientY - box.top - box.height / 2];
  }

  get swipes() {
    return this.scale === 1 || (this.card && this.card.shape && !this.whole);
  }

  down(event) {
    if (!this.main || event.button > 0) return;
    this.root.setPointerCapture(event.pointerId);
    this.pointers.set(event.pointerId, { x: event.clientX, y: event.clientY, from: event.clientX, at: event.timeStamp });
    if (this.pointers.size === 2) this.spread = this.distance();
  }

  distance() {
    const [a, b] = [...this.pointers.values()];
    return Math.hypot(a.x - b.x, a.y - b.y);
  }

  move(event) {
    const pointer = this.pointers.get(event.pointerId);
    if (!pointer) return;
    const [dx, dy] = [event.clientX - pointer.x, event.clientY - pointer.y];
    pointer.x = event.clientX;
    pointer.y = event.clientY;
    if (this.pointers.size === 2) {
      const now = this.distance();
      if (this.spread) this.zoom(now / this.spread, ...this.centred(event));
      this.spread = now;
      pointer.from = NaN;
    } else if (event.pointerType === "touch" && this.swipes) {
      const swept = event.clientX - pointer.from;
      this.place(swept);
      this.lean(swept);
    } else if (this.scale > 1) {
      this.x += dx;
      this.y += dy;
      this.place();
    }
  }

  lean(swept) {
    const share = swept / this.root.clientWidth;
    this.hint.className = Math.abs(share) < 0.05 || Number.isNaN(share) ? "" : share < 0 ? "ok" : "odd";
    this.hint.style.opacity = Math.min(1, Math.abs(share) / SWIPE || 0);
    this.hint.textContent = share < 0 ? this.words[0] : this.words[1];
  }

  up(event) {
    const pointer = this.pointers.get(event.pointerId);
    if (!pointer) return;
    this.pointers.delete(event.pointerId);
    if (event.pointerType !== "touch" || !this.swipes) return;
    const swept = event.clientX - pointer.from;
    const fast = Math.abs(swept) > 40 && Math.abs(swept) / Math.max(1, event.timeStamp - pointer.at) > 0.6;
    this.lean(0);
    this.place();
    if (event.type !== "pointercancel" && (Math.abs(swept) > SWIPE * this.root.clientWidth || fast)) {
      this.act(swept < 0 ? "ok" : "odd", event.timeStamp);
    }
  }
}

function outline(shape) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", `0 0 ${shape.size[1]} ${shape.size[0]}`);
  svg.setAttribute("preserveAspectRatio", "none");
  svg.setAttribute("aria-hidden", "true");
  const [x0, y0, x1, y1] = shape.box;
  const rings = shape.rings.length ? shape.rings : [[x0, y0, x1, y0, x1, y1, x0, y1]];
  const path = rings.map((ring) => `M${ring.join(" ")}Z`).join("");
  for (const [name, d] of [["veil", `M0 0H${shape.size[1]}V${shape.size[0]}H0Z${path}`], ["under", path], ["line", path]]) {
    const element = document.createElementNS(SVG, "path");
    element.setAttribute("class", name);
    element.setAttribute("d", d);
    svg.append(element);
  }
  return svg;
}
