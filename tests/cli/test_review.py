"""``lydite review``: from pictures to a new version, and what a kill leaves."""

from __future__ import annotations

import http.client
import json
import os
import random
from datetime import UTC, datetime
from pathlib import Path

import polars as pl

from cli.support_cli import lydite
from lydite.core import Act, ItemId, Verdict
from lydite.data.dataset import History
from lydite.review import open_journal
from review.serving import Server, serving, start, write_folder

KILLS = 50 if os.environ.get("LYDITE_REQUIRE_ALL") == "1" else 8


def post(server: Server, acts: list[dict[str, object]], who: str = "anna") -> bool:
    """Send acts as the page does; whether they were acknowledged."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
    headers = {"content-type": "application/json", "origin": f"http://127.0.0.1:{server.port}"}
    try:
        connection.request("POST", "/api/acts", json.dumps({"reviewer": who, "acts": acts}), headers)
        answer = json.loads(connection.getresponse().read())
    except (OSError, http.client.HTTPException, ValueError):
        return False
    finally:
        connection.close()
    return all(not receipt["error"] for receipt in answer["receipts"])


def act(number: int, name: str, what: str = "trash", label: str = "") -> dict[str, object]:
    return {"id": f"act-{number:08d}", "act": what, "item": name, "label": label}


def test_from_a_workspace_to_a_new_version(tmp_path: Path) -> None:
    photos, shop = write_folder(tmp_path / "photos", 2, 3), tmp_path / "shop"
    assert lydite("data", "import", photos, "--workspace", shop, "--quiet").code == 0
    tables = [pl.read_parquet(path) for path in shop.glob("data/*/items.parquet")]
    items = list(pl.concat(tables)["item"])
    items.sort()
    with serving(shop) as server:
        assert post(server, [act(1, items[0]), act(2, items[1], "relabel", "class-01")])
        assert post(server, [act(3, items[2], "keep", "class-00")])
        assert post(server, [act(4, items[2])], "bert")
    done = lydite("review", "stats", shop)
    assert done.code == 0
    assert "anna and bert" in done.out
    done = lydite("review", "apply", shop, "--actor", "me")
    assert done.code == 0, done.err
    assert "disputed" in done.out
    (page,) = shop.glob("review/applied-*/index.html")
    assert "class-00 → class-01" in page.read_text(encoding="utf-8")
    assert len(list(page.parent.glob("thumbs/*"))) == 3
    assert lydite("data", "validate", "--workspace", shop, "--quiet").code == 0
    assert "nothing changed" in lydite("review", "apply", shop).out
    acts = tmp_path / "acts.csv"
    assert lydite("review", "export", "--journal", shop / "review/journal.db", "--out", acts).code == 0
    copy = tmp_path / "copy.db"
    assert "4 new of 4" in lydite("review", "import", acts, "--journal", copy).out
    assert "0 new of 4" in lydite("review", "import", acts, "--journal", copy).out


def test_trash_leaves_the_tree_for_a_quarantine_and_comes_back(tmp_path: Path) -> None:
    photos, shop, tree = write_folder(tmp_path / "photos", 2, 3), tmp_path / "shop", tmp_path / "tree"
    assert lydite("data", "import", photos, "--workspace", shop, "--quiet").code == 0
    judge(shop, trash="class-00/0.png", relabel="class-00/1.png")
    done = lydite("review", "apply", shop, "--tree", tree, "--quiet")
    assert done.code == 0, done.err
    assert "2 moved, 1 to quarantine" in done.out  # two would share a name, so both get a mark
    assert "table and disk agree, one to one" in done.out
    assert len(list(photos.rglob("*.png"))) == 6  # the originals stay where they are
    assert sorted(p.relative_to(tree).as_posix() for p in tree.rglob("*.png"))[:2] == [
        "class-00/2.png",
        "class-01/0.png",
    ]
    (batch,) = (tmp_path / "tree-quarantine").iterdir()
    assert (batch / "pictures/class-00/0.png").is_file()
    assert lydite("data", "validate", "--workspace", shop, "--tree", tree, "--quiet").code == 0
    assert lydite("review", "apply", shop, "--tree", tree, "--quiet").code == 0
    done = lydite("review", "restore", shop, batch, "--actor", "judge", "--quiet")
    assert done.code == 0, done.err
    assert "1 pictures" in done.out
    assert (tree / "class-00/0.png").is_file()
    assert not batch.exists()
    done = lydite("review", "apply", shop, "--tree", tree, "--quiet")  # it does not go out again
    assert "nothing changed" in done.out
    assert lydite("data", "validate", "--workspace", shop, "--tree", tree, "--quiet").code == 0


def judge(shop: Path, trash: str, relabel: str) -> None:
    """What a person did in the page."""
    book = open_journal(shop / "review" / "journal.db")
    (source,) = {name.split(":")[0] for name in History(shop).head().items["item"]}
    now, who = datetime.now(UTC), "anna"
    book.append(
        [
            Verdict("verdict-1", Act.TRASH, who, now, ItemId(source, trash)),
            Verdict("verdict-2", Act.RELABEL, who, now, ItemId(source, relabel), None, "class-01"),
        ]
    )
    book.close()


def test_no_acknowledged_verdict_is_lost_by_kills(tmp_path: Path) -> None:
    """A server killed at random moments; whoever got no answer sends again, and nothing is doubled."""
    folder = write_folder(tmp_path / "photos", 1, 2)
    where = tmp_path / "photos-review" / "journal.db"
    rng = random.Random(0)
    acknowledged: list[str] = []
    number, waiting = 0, 0
    for _ in range(KILLS):
        server = start(folder)
        sent = rng.randrange(0, 12)
        for k in range(sent + 1):
            number = waiting or number + 1
            if k == sent:
                server.process.kill() if rng.random() < 0.5 else None
            if post(server, [act(number, f"images:class-00/{number % 2}.png")]):
                acknowledged.append(f"act-{number:08d}")
                waiting = 0
            else:
                waiting = number
        server.kill()
    book = open_journal(where)
    written = [entry.verdict.id for entry in book.read()]
    book.close()
    assert len(written) == len(set(written))
    assert [name for name in written if name in set(acknowledged)] == acknowledged
    assert len(set(written) - set(acknowledged)) <= 1  # what was written and never answered
    assert len(acknowledged) > 2 * KILLS


def test_bad_input_says_what_and_where(tmp_path: Path) -> None:
    folder = write_folder(tmp_path / "photos", 1, 1)
    cases: list[tuple[tuple[object, ...], int, str]] = [
        (("serve", tmp_path / "nothing"), 2, "There is no file or folder"),
        (
            ("serve", folder, "--overlap", "7"),
            2,
            "--overlap: Input should be less than or equal",
        ),
        (("serve", folder, "--regions"), 2, "Only a workspace or a run has regions"),
        (("serve", folder, "--predictions", tmp_path / "none.csv"), 1, "cannot be read"),
        (("serve", folder, "--host", "256.1.1.1"), 2, "Nothing can listen at 256.1.1.1"),
        (("export", "--journal", tmp_path / "j.db", "--out", tmp_path / "acts.xls"), 2, ".csv or .parquet"),
        (("import", tmp_path / "none.csv", "--journal", tmp_path / "j.db"), 1, "cannot be read"),
        (("apply", tmp_path), 2, "There is no dataset in"),
        (("restore", tmp_path, tmp_path), 1, "is no quarantine batch"),
    ]
    for arguments, code, says in cases:
        done = lydite("review", *arguments)
        assert (done.code, says in " ".join(done.err.split())) == (code, True), (arguments, done.err)
