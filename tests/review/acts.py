"""Verdicts for tests, and random journals."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import count

from hypothesis import strategies as st

from lydite.core import CLASS_ACTS, Act, ItemId, Verdict
from lydite.review.fold import Entry

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
NAMES = ("a", "b", "c")
_numbers = count()


def item(name: str) -> ItemId:
    return ItemId("images", f"{name}.jpg")


def said(
    act: Act, reviewer: str = "anna", name: str = "1", label: str = "", *, ident: str = "", **more: object
) -> Verdict:
    """A verdict with an id of its own."""
    subject = item(name) if act in {Act.KEEP, Act.RELABEL, Act.TRASH, Act.UNSURE} else None
    ident = ident or f"verdict-{next(_numbers)}"
    return Verdict(ident, act, reviewer, NOW, subject, None, label, **more)  # type: ignore[arg-type]


def undo(verdict: Verdict) -> Verdict:
    return said(Act.UNDO, verdict.reviewer, undoes=verdict.id)


def entries(verdicts: Sequence[Verdict]) -> list[Entry]:
    return [Entry(seq, verdict) for seq, verdict in enumerate(verdicts, start=1)]


@st.composite
def journals(draw: st.DrawFn, longest: int = 30) -> list[Verdict]:
    """What several people may do, undos of undos and renamings included."""
    done: list[Verdict] = []
    for number in range(draw(st.integers(0, longest))):
        who = draw(st.sampled_from(("anna", "bert", "cleo")))
        own = [v for v in done if v.reviewer == who]
        act = draw(st.sampled_from([a for a in Act if a is not Act.UNDO or own]))
        ident = f"verdict-{number}"
        if act is Act.UNDO:
            done.append(said(act, who, ident=ident, undoes=draw(st.sampled_from(own)).id))
            continue
        label = draw(st.sampled_from((*NAMES, "d", "e")))
        target = draw(st.sampled_from((*NAMES, "d", "e", "f")))
        labelled = act in CLASS_ACTS | {Act.KEEP, Act.RELABEL}
        rules = act in {Act.KEEP, Act.RELABEL, Act.TRASH} and draw(st.integers(0, 4)) == 0
        done.append(
            said(
                act,
                who,
                draw(st.sampled_from("123")),
                label if labelled else "",
                ident=ident,
                target=target if act in {Act.RENAME, Act.MERGE} else "",
                adjudicates=rules,
            )
        )
    return done
