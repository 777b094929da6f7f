"""The page in a real browser against a real server: keys, touch, people, failures."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from lydite.core import Act
from lydite.review.fold import Entry, Standing, fold
from lydite.review.journal import open_journal
from pictures import save
from reports.fake_run import FakeRun
from review.serving import Server, plain, serving, start, write_folder, write_predictions
from support import chromium, need_module

pytestmark = pytest.mark.browser
need_module("playwright")

from playwright.sync_api import Browser, BrowserContext, Page, Route, sync_playwright  # noqa: E402 - after the check

QUIET = ("--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-sync")
Opener = Callable[..., Page]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=chromium(), args=list(QUIET))
        yield opened
        opened.close()


@pytest.fixture
def people(browser: Browser) -> Iterator[Opener]:
    """Opens the page as somebody; any error of a script, or of the policy of content, fails the test."""
    contexts: list[BrowserContext] = []
    complaints: list[str] = []

    def open_page(server: Server, who: str = "anna", queue: str = "", **options: object) -> Page:
        context = browser.new_context(**{"viewport": {"width": 1280, "height": 800}, **options})  # type: ignore[arg-type]
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: complaints.append(f"{error} {error.stack}"))
        page.on("console", lambda m: complaints.append(m.text) if "Content Security" in m.text else None)
        page.on("dialog", lambda dialog: complaints.append(f"dialog: {dialog.message}"))
        page.goto(f"{server.url}?reviewer={who}" + (f"&queue={queue}" if queue else ""))
        page.wait_for_selector("body.ready")
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert complaints == []


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_folder(tmp_path / "photos", 3, 6)


def journal_of(folder: Path) -> tuple[Entry, ...]:
    book = open_journal(folder.parent / f"{folder.name}-review" / "journal.db")
    entries = book.read()
    book.close()
    return entries


def until(page: Page, expression: str) -> None:
    """Wait for an expression; Playwright's own way needs ``eval``, which the page's policy forbids."""
    for _ in range(400):
        if page.evaluate(expression):
            return
        page.wait_for_timeout(25)
    raise AssertionError(f"never true: {expression}")


def settled(page: Page) -> None:
    until(page, "document.getElementById('wire').textContent === 'saved'")


def shown(page: Page) -> str:
    return page.locator("#name").inner_text()


def press(page: Page, *keys: str) -> None:
    """Keys, each after the picture before it is there."""
    for key in keys:
        until(page, "document.body.matches('.looking, .finished')")
        page.keyboard.press(key)
        page.wait_for_timeout(30)


def test_the_whole_flow_by_keyboard(tmp_path: Path, folder: Path, people: Opener) -> None:
    predictions = write_predictions(folder, tmp_path / "oof.parquet")
    with serving(folder, "--predictions", predictions, "--audit-every", 0) as server:
        page = people(server)
        assert page.locator("#queue").input_value() == "suspicion"
        assert page.locator(".belief .who").first.inner_text() == page.locator("#label").inner_text()
        first = shown(page)
        press(page, "ArrowRight", "Enter")  # suggested
        press(page, "ArrowRight", "t")
        press(page, "ArrowRight", "u")
        press(page, "3")  # by digit
        press(page, "/")
        page.keyboard.type("ss-01")
        page.keyboard.press("Enter")
        press(page, "ArrowLeft")
        settled(page)
        acts = [e.verdict.act for e in journal_of(folder)]
        assert acts[:3] == [Act.RELABEL, Act.TRASH, Act.UNSURE]
        assert acts[5] is Act.KEEP
        assert [e.verdict.label for e in journal_of(folder)][3:5] == ["class-02", "class-01"]
        press(page, *("z",) * 3, *("Backspace",) * 3)
        assert shown(page) == first
        press(page, "z")
        assert "nothing left" in page.locator("#toast").inner_text()
        settled(page)
        assert not fold(journal_of(folder)).decisions
        press(page, "y")
        settled(page)
        assert len(fold(journal_of(folder)).decisions) == 1
        for _ in range(17):
            press(page, "ArrowLeft")
        page.wait_for_selector("body.finished")
        settled(page)
        assert len(fold(journal_of(folder)).decisions) == 18
        press(page, "?")
        assert page.locator("#help").is_visible()


def test_undo_reaches_into_earlier_sessions(folder: Path, people: Opener) -> None:
    with serving(folder) as server:
        page = people(server)
        press(page, "ArrowLeft", "ArrowLeft", "ArrowLeft")
        settled(page)
        page.reload()
        page.wait_for_selector("body.ready")
        press(page, "z", "z", "z")
        page.wait_for_timeout(300)
        settled(page)
    assert not fold(journal_of(folder)).decisions


def test_by_touch(folder: Path, people: Opener) -> None:
    phone = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
    with serving(folder) as server:
        page = people(server, **phone)
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
        first = shown(page)
        swipe(page, -200)
        until(page, f"document.getElementById('name').textContent !== '{first}'")
        until(page, "document.body.matches('.looking')")
        swipe(page, 200)
        page.wait_for_selector("#doubt:not([hidden])")
        page.wait_for_timeout(2000)  # the browser takes a tap right behind a swipe for its end
        page.locator("#trash").tap()
        page.wait_for_selector("#doubt", state="hidden")
        until(page, "document.body.matches('.looking')")
        page.locator("#ok").tap()
        page.locator("#undo").tap()
        settled(page)
        page.wait_for_timeout(200)
        acts = [e.verdict.act for e in journal_of(folder)]
    assert acts == [Act.KEEP, Act.TRASH, Act.KEEP, Act.UNDO]


def swipe(page: Page, distance: int) -> None:
    """One finger over the picture, through the browser's own input."""
    box = page.locator("#stage").bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    session = page.context.new_cdp_session(page)
    session.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [{"x": x, "y": y}]})
    for step in range(1, 6):
        point = {"x": x + distance * step / 5, "y": y}
        session.send("Input.dispatchTouchEvent", {"type": "touchMove", "touchPoints": [point]})
    session.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})


def test_two_reviewers_share_the_work_and_disagree(folder: Path, people: Opener) -> None:
    with serving(folder, "--overlap", 0.25) as server:
        anna, bert = people(server, "anna", "all"), people(server, "bert", "all")
        for _ in range(18):
            for page, keys in ((anna, ("ArrowLeft",)), (bert, ("t",))):
                if not page.evaluate("document.body.matches('.finished')"):
                    press(page, *keys)
        settled(anna)
        settled(bert)
        state = fold(journal_of(folder))
        seen = [(w.reviewer, s) for s, d in state.decisions.items() for w in d.words]
        assert len(state.decisions) == 18
        assert len(seen) == 18 + 4  # a quarter is seen by both, nothing else twice
        disputed = [s for s, d in state.decisions.items() if d.standing is Standing.DISPUTED]
        assert len(disputed) == 4
        judge = people(server, "cleo", "disputes")
        assert "anna said" in judge.locator("#words").inner_text()
        press(judge, *("ArrowLeft",) * 4)
        settled(judge)
        state = fold(journal_of(folder))
        assert not [d for d in state.decisions.values() if d.standing is Standing.DISPUTED]
        anna.locator("#open-summary").click()
        anna.locator("#summary[open]").wait_for()
        assert "anna and bert: 0 of 4 alike" in anna.locator("#figures").inner_text()


def test_a_server_killed_in_the_middle_and_started_again(folder: Path, people: Opener) -> None:
    server = start(folder)
    page = people(server)
    press(page, "ArrowLeft", "ArrowLeft")
    settled(page)
    server.kill()
    press(page, "ArrowLeft", "t", "ArrowLeft")
    assert page.locator("#wire.lost").inner_text() == "no connection · 3 waiting"
    with serving(folder, port=server.port) as again:
        page.goto(f"{again.url}?reviewer=anna")  # a new page: what waits is kept by the browser
        page.wait_for_selector("body.ready")
        settled(page)
        verdicts = [e.verdict for e in journal_of(folder)]
    assert [v.act for v in verdicts] == [Act.KEEP, Act.KEEP, Act.KEEP, Act.TRASH, Act.KEEP]
    assert len({v.item for v in verdicts}) == 5


def test_a_connection_lost_and_back_loses_and_doubles_nothing(folder: Path, people: Opener) -> None:
    with serving(folder) as server:
        page = people(server)
        press(page, "ArrowLeft")
        settled(page)
        page.context.set_offline(True)
        press(page, "ArrowLeft", "t", "z", "2")
        page.wait_for_selector("#wire.lost")
        page.context.set_offline(False)
        settled(page)
        # An answer that is lost on its way back: the browser sends the act again.
        page.route("**/api/acts", lambda route: (route.fetch(), route.abort())[1], times=1)
        press(page, "ArrowLeft")
        page.wait_for_timeout(1200)
        settled(page)
        verdicts = [e.verdict for e in journal_of(folder)]
    assert [v.act for v in verdicts][:4] == [Act.KEEP, Act.KEEP, Act.TRASH, Act.UNDO]
    assert len(verdicts) == 6
    assert len({v.id for v in verdicts}) == 6


def test_classes_are_added_renamed_and_merged_in_the_middle(folder: Path, people: Opener) -> None:
    with serving(folder) as server:
        page = people(server, queue="class:class-00")
        press(page, "ArrowLeft", "c")
        page.locator("#add input").fill("brand new")
        page.locator("#add button").click()
        page.get_by_label("Rename brand new").wait_for()
        page.get_by_label("Rename class-00").click()
        page.locator("#new-name").fill("class-01")
        page.locator("#change button").click()
        until(page, "document.getElementById('refused').textContent.includes('There is a class')")
        page.get_by_label("Rename class-00").click()
        page.locator("#new-name").fill("first")
        page.locator("#change button").click()
        page.get_by_label("Rename first").wait_for()
        page.get_by_role("button", name="Merge class-01", exact=True).click()
        page.locator("#into").select_option("class-02")
        page.locator("#change button").click()
        page.get_by_role("button", name="Merge class-01", exact=True).wait_for(state="detached")
        page.keyboard.press("Escape")
        assert page.locator("#label").inner_text() == "first"
        press(page, "/")
        page.keyboard.type("brand")
        page.keyboard.press("Enter")
        settled(page)
        state = fold(journal_of(folder), ["class-00", "class-01", "class-02"])
    assert state.classes == ("first", "class-02", "brand new")
    assert sorted(d.label for d in state.decisions.values()) == ["brand new", "first"]


def test_copies_lie_side_by_side(tmp_path: Path, folder: Path, people: Opener) -> None:
    table = tmp_path / "findings.csv"
    lines = ["check,item,score,other,evidence"]
    lines += [f"near_duplicate,images:class-00/{k}.png,0.9,images:class-01/{k}.png,hash" for k in range(2)]
    table.write_text("\n".join(lines))
    with serving(folder, "--findings", table) as server:
        page = people(server, queue="finding:near_duplicate")
        page.wait_for_selector("#frames.several img")
        assert page.locator("#frames figure").count() == 2
        assert page.locator("#reasons").inner_text().lower() == "near duplicate hash"
        pair = {page.locator("#name").inner_text()}
        press(page, "t")
        pair.add(page.locator("#name").inner_text())
        assert pair == {"class-00/0.png", "class-01/0.png"}  # a family is seen together


def test_pictures_of_every_shape_fit(tmp_path: Path, people: Opener) -> None:
    sizes = {
        "huge": (3000, 4000),
        "tiny": (3, 4),
        "dot": (1, 1),
        "portrait": (1600, 90),
        "panorama": (60, 3000),
    }
    for number, (name, size) in enumerate(sizes.items()):
        save(plain(size, number), tmp_path / "odd" / "a" / f"{name}.png")
    (tmp_path / "odd" / "a" / "zz-broken.png").write_bytes(b"\x89PNG\r\n\x1a\nno")
    with serving(tmp_path / "odd") as server:
        page = people(server, queue="all")
        for _ in sizes:
            page.wait_for_selector("#frames img")
            until(page, "document.body.matches('.looking')")
            name = Path(shown(page)).stem
            box, stage = (page.locator(s).bounding_box() for s in (".sheet", "#stage"))
            assert box is not None
            assert stage is not None
            assert box["width"] <= stage["width"]
            assert box["height"] <= stage["height"]
            ratio = sizes[name][1] / sizes[name][0]
            assert box["width"] == pytest.approx(max(1, box["height"] * ratio), rel=0.05, abs=1.5)
            page.keyboard.press("+")
            before = shown(page)
            page.keyboard.press("ArrowLeft")
            until(page, f"document.getElementById('name').textContent !== '{before}'")
        page.wait_for_selector("#note:not([hidden])")
        assert "cannot be shown" in page.locator("#note").inner_text()


def test_hostile_names_are_text(tmp_path: Path, people: Opener) -> None:
    bad = '<img src=x onerror="alert(1)">&quot;\u202e'
    save(plain((40, 40), 1), tmp_path / "bad" / bad.replace("/", "") / "<script>alert(2)<!--.png")
    save(plain((40, 40), 2), tmp_path / "bad" / "' onload='alert(3)" / "a.png")
    with serving(tmp_path / "bad") as server:
        page = people(server, "<b>anna</b>", "all")
        texts = page.locator("#label").inner_text() + page.locator("#name").inner_text()
        assert "onload='" in texts or "onerror=" in texts
        press(page, "c")
        page.locator("#class-rows tr").first.wait_for()
        made = "main script, #side b, #queue b, #class-rows img"
        assert page.locator(made).count() == 0


def test_eighty_classes_by_typing(tmp_path: Path, people: Opener) -> None:
    folder = write_folder(tmp_path / "many", 80, 1, (20, 20))
    with serving(folder) as server:
        page = people(server)
        press(page, "/")
        page.keyboard.type("-77")
        until(page, "document.querySelectorAll('#found li').length === 1")
        page.keyboard.press("Enter")
        press(page, "/")
        page.keyboard.type("class-1")
        page.keyboard.press("ArrowDown")
        page.keyboard.press("Enter")
        settled(page)
    assert [e.verdict.label for e in journal_of(folder)] == ["class-77", "class-11"]


def test_nothing_needs_a_mouse_and_nothing_traps_the_keyboard(folder: Path, people: Opener) -> None:
    with serving(folder) as server:
        page = people(server)
        spill = "[...document.querySelectorAll('#answers button')].filter(e => e.scrollWidth > e.clientWidth)"
        for width in (1280, 800):
            page.set_viewport_size({"width": width, "height": 800})
            assert page.evaluate(f"{spill}.map(e => e.id)") == []
            assert page.evaluate("document.documentElement.scrollWidth") <= width
            right = page.locator("#odd").bounding_box()
            assert right is not None
            assert right["x"] + right["width"] <= width
        reached = set()
        for _ in range(14):
            page.keyboard.press("Tab")
            reached.add(page.evaluate("document.activeElement.id"))
        assert {"queue", "open-summary", "open-classes", "open-help", "theme", "ok", "odd", "undo"} <= reached
        unnamed = page.evaluate(
            "[...document.querySelectorAll('button:not([hidden]), input, select')].filter(e => e.offsetParent"
            " && !(e.textContent.trim() || e.ariaLabel || e.labels?.length)).map(e => e.outerHTML)"
        )
        assert unnamed == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
def test_axe_finds_no_serious_fault(
    tmp_path: Path, folder: Path, people: Opener, scheme: str, width: int
) -> None:
    need_module("axe_playwright_python")
    from axe_playwright_python.sync_playwright import Axe

    predictions = write_predictions(folder, tmp_path / "oof.parquet")
    with serving(folder, "--predictions", predictions) as server:
        page = people(server, color_scheme=scheme, viewport={"width": width, "height": 844})
        for keys in ((), ("ArrowRight",), ("Escape", "?"), ("Escape", "s"), ("Escape", "c")):
            for key in keys:
                page.keyboard.press(key)
                page.wait_for_timeout(300)
            faults = Axe().run(page).response["violations"]
            serious = [f for f in faults if f["impact"] in {"serious", "critical"}]
            told = [(f["id"], [node["html"] for node in f["nodes"]]) for f in serious]
            assert told == [], keys


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_texts_stand_out_from_their_ground(folder: Path, people: Opener, scheme: str) -> None:
    """WCAG 2.2, 1.4.3: at least 4.5 to 1, for every text that is shown."""
    with serving(folder) as server:
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


def test_boxes_and_masks_are_accepted_refused_and_relabelled(tmp_path: Path, people: Opener) -> None:
    """The regions of a run of detection, in the same page."""
    run = FakeRun(tmp_path / "work", classes=("apple", "pear"))
    for _ in range(2):
        run.add(lift=0.4)
    run.finish()
    with serving(run.run.path) as server:
        page = people(server, queue="all")
        assert page.locator("#ok").inner_text().strip().endswith("Accept")
        assert page.locator("#frames svg path.line").count() == 1
        page.screenshot(path=tmp_path / "regions.png")
        press(page, " ", "ArrowLeft", "ArrowRight", "t", "2")
        settled(page)
    book = open_journal(run.run.path / "review" / "journal.db")
    verdicts = [entry.verdict for entry in book.read()]
    book.close()
    assert [v.act for v in verdicts][:2] == [Act.KEEP, Act.TRASH]
    assert all(v.region is not None for v in verdicts)


def test_an_answer_that_comes_late_shows_nothing_twice(folder: Path, people: Opener) -> None:
    """More cards are asked for while one is looked at; the answer must not bring that one again."""
    with serving(folder) as server:
        page = people(server, queue="all")

        def late(route: Route) -> None:
            page.wait_for_timeout(150)
            route.continue_()

        page.route("**/api/cards*", late)
        seen = []
        while not page.evaluate("document.body.matches('.finished')"):
            until(page, "document.body.matches('.looking, .finished')")
            seen.append(shown(page))
            page.keyboard.press("ArrowLeft")
            page.wait_for_timeout(120)
            until(page, "document.body.matches('.looking, .finished')")
        settled(page)
    assert len(seen) == len(set(seen)) == 18
