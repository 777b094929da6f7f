"""One small report that many tests read."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from lydite.reports import write_run_pages
from reports.fake_run import FakeRun
from reports.html_check import Page, read_pages

HOSTILE = "<script>alert(1)<\\script> \"two\" & 'one'.jpg"
HOSTILE_CLASS = "</script><img src=x onerror=alert(1)>"


@dataclass(frozen=True)
class Report:
    """A written report.

    Args:
        run: What it is about.
        folder: Where it lies.
        pages: Its pages by name.
    """

    run: FakeRun
    folder: Path
    pages: dict[str, Page]

    def page_of(self, number: int) -> Page:
        """The page of a picture by its place in the run."""
        name = self.run.records[number].item.partition(":")[2]
        (page,) = [
            p
            for n, p in self.pages.items()
            if n.startswith("pictures/") and p.find("h1") and name in titles(p)
        ]
        return page


def titles(page: Page) -> str:
    """The heading of a page."""
    return page.text("h1")


@pytest.fixture(scope="session")
def report(tmp_path_factory: pytest.TempPathFactory) -> Report:
    """Two ordinary pictures, one without instance, one without candidate, a hostile name, a failure."""
    run = FakeRun(
        tmp_path_factory.mktemp("report"),
        classes=("apple", HOSTILE_CLASS),
        set_aside=("twin.png",),
        problems=("Picture positive/apple/<b>.jpg ends before its last row.",),
    )
    run.add()
    run.add(candidates=60)
    run.add(lift=-0.6)
    run.add(candidates=0)
    run.add(HOSTILE)
    run.add_failed("broken <i>.jpg", "Picture broken <i>.jpg ends before its last row. Seen: 12 bytes")
    index = write_run_pages(run.run, run.records)
    return Report(run, index.parent, read_pages(index.parent))
