"""Whether everybody can read and use the page."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from review.pages import Opener, press
from review.serving import answering, write_predictions
from support import need_module

pytestmark = pytest.mark.browser


STATES = (
    ("", ".looking"),
    ("ArrowRight", "#suggest"),
    ("?", "#keys dt"),
    ("s", "#figures dt"),
    ("c", "#class-rows tr"),
)
"""A key that leads to a state of the page, and what is there then."""


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
def test_axe_finds_no_serious_fault(
    tmp_path: Path, folder: Path, people: Opener, scheme: str, width: int
) -> None:
    need_module("axe_playwright_python")
    from axe_playwright_python.sync_playwright import Axe

    predictions = write_predictions(folder, tmp_path / "oof.parquet")
    with answering(folder, predictions=[predictions]) as server:
        page = people(server, color_scheme=scheme, viewport={"width": width, "height": 844})
        axe = Axe()
        for key, seen in STATES:
            page.keyboard.press("Escape")
            page.locator("dialog[open]").wait_for(state="detached")
            if key:
                page.keyboard.press(key)
            page.locator(seen).first.wait_for()
            faults = axe.run(page, options={"resultTypes": ["violations"]}).response["violations"]
            serious = [f for f in faults if f["impact"] in {"serious", "critical"}]
            told = [(f["id"], [node["html"] for node in f["nodes"]]) for f in serious]
            assert told == [], seen


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_texts_stand_out_from_their_ground(folder: Path, people: Opener, scheme: str) -> None:
    """WCAG 2.2, 1.4.3: at least 4.5 to 1, for every text that is shown."""
    with answering(folder) as server:
        page = people(server, color_scheme=scheme)
        press(page, "ArrowRight")
        assert json.loads(page.evaluate(CONTRAST)) == []


CONTRAST = """(() => {
  const rgb = (text) => (text.match(/[\\d.]+/g) || []).map(Number);
  const linear = (v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
  const light = (colour) => colour.slice(0, 3).map((v) => linear(v / 255))
    .reduce((sum, v, k) => sum + v * [0.2126, 0.7152, 0.0722][k], 0);
  const ground = (e) => {
    for (; e; e = e.parentElement) {
      const colour = rgb(getComputedStyle(e).backgroundColor);
      if (colour.length === 3 || colour[3] === 1) return colour;
    }
    return [255, 255, 255];
  };
  const weak = [];
  for (const e of document.querySelectorAll('body *')) {
    const own = [...e.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim());
    if (!own || !e.offsetParent || e.closest('.sr, :disabled')) continue;
    const [a, b] = [light(rgb(getComputedStyle(e).color)), light(ground(e))].sort((x, y) => y - x);
    const ratio = (a + 0.05) / (b + 0.05);
    if (ratio < 4.5) weak.push([e.tagName, e.id, e.textContent.slice(0, 30), ratio.toFixed(2)]);
  }
  return JSON.stringify(weak);
})()"""
