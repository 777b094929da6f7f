"""The journal: verdicts in a database, only ever appended. What was acknowledged is on the disk."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any

from sqlalchemy import (
    DDL,
    Boolean,
    Column,
    Engine,
    Integer,
    MetaData,
    String,
    Table,
    create_engine,
    event,
    func,
    insert,
    make_url,
    select,
)
from sqlalchemy.engine import Connection, Row
from sqlalchemy.exc import ArgumentError, DatabaseError, NoSuchModuleError, SQLAlchemyError

from lydite.core import Act, ContractError, InputError, ItemId, MissingExtra, OutputError, UsageError, Verdict
from lydite.data import printable
from lydite.review.fold import Entry

FORMAT = "1"
_BUSY_S = 20
_CHUNK = 400
_META = MetaData()
ENTRIES = Table(
    "lydite_journal",
    _META,
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("id", String, nullable=False, unique=True),
    Column("act", String, nullable=False),
    Column("reviewer", String, nullable=False),
    Column("at", String, nullable=False),
    Column("item", String),
    Column("region", Integer),
    Column("label", String, nullable=False),
    Column("target", String, nullable=False),
    Column("undoes", String, nullable=False),
    Column("adjudicates", Boolean, nullable=False),
    Column("round", String, nullable=False),
    Column("queue", String, nullable=False),
)
_ABOUT = Table("lydite_about", _META, Column("key", String, primary_key=True), Column("value", String))

for _what in ("UPDATE", "DELETE"):
    event.listen(
        ENTRIES,
        "after_create",
        DDL(  # type: ignore[no-untyped-call]
            f"CREATE TRIGGER lydite_no_{_what.lower()} BEFORE {_what} ON lydite_journal "
            "BEGIN SELECT RAISE(ABORT, 'the journal is only ever appended to'); END"
        ).execute_if(dialect="sqlite"),
    )
event.listen(
    ENTRIES,
    "after_create",
    DDL(  # type: ignore[no-untyped-call]
        "CREATE OR REPLACE FUNCTION lydite_append_only() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'the journal is only ever appended to'; END $$"
    ).execute_if(dialect="postgresql"),
)
event.listen(
    ENTRIES,
    "after_create",
    DDL(  # type: ignore[no-untyped-call]
        "CREATE TRIGGER lydite_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON lydite_journal "
        "FOR EACH STATEMENT EXECUTE FUNCTION lydite_append_only()"
    ).execute_if(dialect="postgresql"),
)


class Journal:
    """Append-only verdicts in SQLite (write-ahead log, full synchronisation) or PostgreSQL.

    Threads and processes may share a database; places have no gaps and follow the order of commits.

    Args:
        engine: An open database; see ``open_journal``.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def append(self, verdicts: Sequence[Verdict]) -> tuple[Entry, ...]:
        """Write verdicts down, all or none; on the disk when this returns.

        A verdict that is there already is not written twice; only its time may differ.

        Returns:
            Each verdict in its place.

        Raises:
            ContractError: If an id was used for something else, or an undo is not of the same person's act.
            OutputError: If the database cannot be written.
        """
        if not verdicts:
            return ()
        with _errors(self._engine), self._writing() as connection:
            known = _find(connection, {v.id for v in verdicts} | {v.undoes for v in verdicts if v.undoes})
            last = connection.scalar(select(func.max(ENTRIES.c.seq))) or 0
            fresh: list[Entry] = []
            for verdict in verdicts:
                there = known.get(verdict.id)
                if there is not None and replace(verdict, when=there.verdict.when) != there.verdict:
                    raise ContractError(
                        "An id stands for another verdict already.",
                        "Give each act an id of its own.",
                        verdict.id,
                    )
                _require_own(verdict, known.get(verdict.undoes))
                if there is None:
                    last += 1
                    known[verdict.id] = Entry(last, verdict)
                    fresh.append(known[verdict.id])
            if fresh:
                connection.execute(insert(ENTRIES), [_row(entry) for entry in fresh])
        return tuple(known[verdict.id] for verdict in verdicts)

    def read(self, after: int = 0, until: int | None = None) -> tuple[Entry, ...]:
        """Entries with ``after < seq <= until``, in order.

        Raises:
            InputError: If the database cannot be read, or an entry is damaged.
        """
        return tuple(self.stream(after, until))

    def stream(self, after: int = 0, until: int | None = None) -> Iterator[Entry]:
        """As ``read``, with few entries in memory at a time."""
        query = select(ENTRIES).where(ENTRIES.c.seq > after).order_by(ENTRIES.c.seq)
        if until is not None:
            query = query.where(ENTRIES.c.seq <= until)
        with _errors(self._engine), self._engine.connect() as connection:
            for row in connection.execution_options(yield_per=10_000).execute(query):
                yield _entry(row)

    def last(self) -> int:
        """Place of the last entry, 0 if there is none."""
        with _errors(self._engine), self._engine.connect() as connection:
            return connection.scalar(select(func.max(ENTRIES.c.seq))) or 0

    @cached_property
    def identity(self) -> str:
        """16 hexadecimal digits that tell this journal from all others."""
        with _errors(self._engine), self._engine.connect() as connection:
            return connection.scalar(select(_ABOUT.c.value).where(_ABOUT.c.key == "identity")) or ""

    def close(self) -> None:
        """Let go of the database."""
        self._engine.dispose()

    @contextmanager
    def _writing(self) -> Iterator[Connection]:
        """A transaction that no other writer overlaps."""
        with self._engine.connect() as opened:
            connection = opened.execution_options(lydite_writes=True)
            with connection.begin():
                if connection.dialect.name == "postgresql":
                    connection.exec_driver_sql("LOCK TABLE lydite_journal IN EXCLUSIVE MODE")
                yield connection


def open_journal(where: Path | str) -> Journal:
    """Open a journal, and make it if it is not there.

    Args:
        where: A file of SQLite, or a URL such as ``postgresql://user@host/name``.

    Raises:
        UsageError: If the URL is none, or names another kind of database.
        MissingExtra: PostgreSQL without the extra ``postgres``.
        InputError: If the file is no journal, or of a later version of this program.
        OutputError: If it cannot be made.
    """
    engine = _engine(where)
    with _errors(engine), engine.connect() as opened:
        connection = opened.execution_options(lydite_writes=True)
        with connection.begin():
            if engine.dialect.name == "postgresql":
                connection.exec_driver_sql("SELECT pg_advisory_xact_lock(7265766965)")
            _META.create_all(connection)
            found = connection.scalar(select(_ABOUT.c.value).where(_ABOUT.c.key == "format"))
            if found is None:
                about = {"format": FORMAT, "identity": secrets.token_hex(8)}
                rows = [{"key": key, "value": value} for key, value in about.items()]
                connection.execute(insert(_ABOUT), rows)
    if found not in {None, FORMAT}:
        raise InputError("The journal is of another version of Lydite.", "Use that version.", found)
    return Journal(engine)


def _engine(where: Path | str) -> Engine:
    if isinstance(where, Path) or "://" not in where:
        path = Path(where)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise OutputError(
                f"Folder {printable(path.parent)} cannot be made: {error.strerror}.",
                "Name another --journal.",
            ) from error
        return _sqlite(path)
    try:
        url = make_url(where)
        if url.get_backend_name() == "sqlite":
            return _sqlite(Path(url.database or ""))
        if url.get_backend_name() != "postgresql":
            raise UsageError("A journal is kept in SQLite or PostgreSQL.", "", url.get_backend_name())
        return create_engine(url.set(drivername="postgresql+psycopg"), pool_pre_ping=True)
    except (ArgumentError, NoSuchModuleError, ValueError) as error:
        raise UsageError("This is no address of a database.", "Example: postgresql://me@host/name") from error
    except ModuleNotFoundError:
        raise MissingExtra("A journal in PostgreSQL", "postgres") from None


def _sqlite(path: Path) -> Engine:
    engine = create_engine(f"sqlite:///{path}", connect_args={"timeout": _BUSY_S})

    @event.listens_for(engine, "connect")
    def prepare(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # transactions are begun below, not by the driver
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "fullfsync=1"):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        writes = connection.get_execution_options().get("lydite_writes")
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine


@contextmanager
def _errors(engine: Engine) -> Iterator[None]:
    """Errors of the database as ours, without the address, which may hold a password."""
    place = engine.url.database or "" if engine.dialect.name == "sqlite" else engine.url.host or "PostgreSQL"
    try:
        yield
    except DatabaseError as error:
        text = str(error.orig).splitlines()[0]
        if "not a database" in text or "malformed" in text or "no such column" in text:
            raise InputError(f"{printable(place)} is no journal.", "Name another --journal.", text) from error
        raise OutputError(
            f"The journal in {printable(place)} cannot be used.", "Check the disk or the server.", text
        ) from error
    except SQLAlchemyError as error:
        raise OutputError(
            f"The journal in {printable(place)} cannot be used.", "Check the server.", str(error)
        ) from error


def _find(connection: Connection, ids: set[str]) -> dict[str, Entry]:
    wanted = sorted(ids)
    found: dict[str, Entry] = {}
    for start in range(0, len(wanted), _CHUNK):
        query = select(ENTRIES).where(ENTRIES.c.id.in_(wanted[start : start + _CHUNK]))
        found |= {row.id: _entry(row) for row in connection.execute(query)}
    return found


def _require_own(verdict: Verdict, target: Entry | None) -> None:
    if verdict.act is not Act.UNDO:
        return
    if target is None:
        raise ContractError("An undo names an act that is not in the journal.", "", verdict.undoes)
    if target.verdict.reviewer != verdict.reviewer:
        raise ContractError(
            "Nobody undoes another person's act.", "Give a verdict of your own.", verdict.undoes
        )


def _row(entry: Entry) -> dict[str, object]:
    verdict = entry.verdict
    return {
        "seq": entry.seq,
        "id": verdict.id,
        "act": verdict.act.value,
        "reviewer": verdict.reviewer,
        "at": verdict.when.isoformat(),
        "item": None if verdict.item is None else str(verdict.item),
        "region": verdict.region,
        "label": verdict.label,
        "target": verdict.target,
        "undoes": verdict.undoes,
        "adjudicates": verdict.adjudicates,
        "round": verdict.round,
        "queue": verdict.queue,
    }


def _entry(row: Row[Any]) -> Entry:
    try:
        return Entry(
            row.seq,
            Verdict(
                row.id,
                Act(row.act),
                row.reviewer,
                datetime.fromisoformat(row.at),
                None if row.item is None else ItemId.parse(row.item),
                row.region,
                row.label,
                row.target,
                row.undoes,
                bool(row.adjudicates),
                row.round,
                row.queue,
            ),
        )
    except (ValueError, TypeError) as error:
        raise InputError(
            f"Entry {row.seq} of the journal is damaged.", "Restore a copy.", str(error)
        ) from error
