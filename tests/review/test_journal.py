"""The journal: appended to, never changed; nothing doubled, nothing lost; SQLite and PostgreSQL alike."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings

from lydite.core import Act, ContractError, InputError, OutputError, UsageError, Verdict
from lydite.review.exchange import export_acts, read_acts
from lydite.review.fold import fold
from lydite.review.journal import Journal, open_journal
from review.acts import NAMES, journals, said, undo
from review.postgres import postgres_url


@pytest.fixture(params=["sqlite", "postgresql"])
def journal(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Journal]:
    where = tmp_path / "review" / "journal.db" if request.param == "sqlite" else postgres_url()
    opened = open_journal(where)
    yield opened
    opened.close()


def test_places_have_no_gaps_and_content_comes_back(journal: Journal) -> None:
    words = [said(Act.KEEP, label="Käse 🧀\n"), said(Act.TRASH, name="2"), said(Act.ADD, label="d")]
    assert [entry.seq for entry in journal.append(words)] == [1, 2, 3]
    assert [entry.verdict for entry in journal.read()] == words
    assert [entry.seq for entry in journal.read(after=1, until=2)] == [2]
    assert journal.last() == 3


def test_a_retry_is_not_written_twice(journal: Journal) -> None:
    word = said(Act.KEEP, label="a")
    assert journal.append([word]) == journal.append([word])
    assert len(set(journal.append([word, word]))) == 1
    assert journal.last() == 1
    with pytest.raises(ContractError) as caught:
        journal.append([said(Act.TRASH, name="9"), said(Act.TRASH, ident=word.id)])
    assert str(caught.value) == (
        f"An id stands for another verdict already. Give each act an id of its own. Seen: {word.id}"
    )
    assert journal.last() == 1  # all or none


def test_undo_is_for_ones_own_acts(journal: Journal) -> None:
    word = said(Act.KEEP, "anna", label="a")
    journal.append([word])
    with pytest.raises(ContractError, match="another person's act"):
        journal.append([said(Act.UNDO, "bert", undoes=word.id)])
    with pytest.raises(ContractError, match="not in the journal"):
        journal.append([said(Act.UNDO, "anna", undoes="verdict-none")])
    journal.append([undo(word)])


def test_many_writers_at_once_lose_and_double_nothing(journal: Journal) -> None:
    words = [[said(Act.KEEP, f"person {n}", str(k), "a") for k in range(12)] for n in range(4)]

    def write(mine: list[Verdict]) -> None:
        for word in mine:
            journal.append([word])
            journal.append([word])

    threads = [threading.Thread(target=write, args=(mine,)) for mine in words]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    entries = journal.read()
    assert [entry.seq for entry in entries] == list(range(1, 49))
    assert {entry.verdict.id for entry in entries} == {word.id for mine in words for word in mine}


def test_the_database_itself_refuses_changes(journal: Journal) -> None:
    from sqlalchemy import text
    from sqlalchemy.exc import DatabaseError

    journal.append([said(Act.KEEP, label="a")])
    for statement in ("UPDATE lydite_journal SET label = 'b'", "DELETE FROM lydite_journal"):
        with (
            journal._engine.connect() as connection,
            pytest.raises(DatabaseError, match="only ever appended"),
        ):
            connection.execute(text(statement))


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(verdicts=journals(20))
@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_export_and_import_replay_to_the_same_bytes(
    tmp_path_factory: pytest.TempPathFactory, suffix: str, verdicts: list[Verdict]
) -> None:
    folder = tmp_path_factory.mktemp("acts")
    one, other = open_journal(folder / "one.db"), open_journal(folder / "other.db")
    one.append(verdicts)
    assert export_acts(one.stream(), folder / f"acts{suffix}") == len(verdicts)
    for _ in range(2):
        other.append(list(read_acts(folder / f"acts{suffix}")))
    for until in range(len(verdicts) + 1):
        replayed = (fold(j.read(until=until), NAMES).to_bytes() for j in (one, other))
        assert len(set(replayed)) == 1
    assert one.read() == other.read()
    one.close()
    other.close()


def test_errors_name_place_and_remedy(tmp_path: Path) -> None:
    (tmp_path / "text.db").write_text("no database, but long enough to be looked at" * 40)
    with pytest.raises(InputError, match="is no journal"):
        open_journal(tmp_path / "text.db")
    with pytest.raises(UsageError, match=r"SQLite or PostgreSQL\. Seen: mysql"):
        open_journal("mysql://nobody@nowhere/x")
    with pytest.raises(OutputError, match=r"The journal in 127\.0\.0\.1 cannot be used") as caught:
        open_journal("postgresql://me:secret@127.0.0.1:1/none")
    assert "secret" not in str(caught.value)
    table = tmp_path / "acts.csv"
    table.write_text("id,act\n")
    with pytest.raises(InputError, match="lacks columns"):
        list(read_acts(table))
    head = "id,act,reviewer,at,item,region,label,target,undoes,adjudicates,round,queue\n"
    table.write_text(head + "verdict-1,kept,anna,2026-01-01T00:00:00+00:00,images:a,,a,,,false,1,\n")
    with pytest.raises(InputError, match=r"acts.csv, line 2: is no act: 'kept' is not a valid Act"):
        list(read_acts(table))


def test_sqlite_is_set_to_survive_power_loss(tmp_path: Path) -> None:
    journal = open_journal(tmp_path / "journal.db")
    with journal._engine.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == 2
    journal.close()
    raw = sqlite3.connect(tmp_path / "journal.db")
    assert raw.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    raw.close()
