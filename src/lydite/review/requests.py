"""What the page sends, checked before anything is done with it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from lydite.core import Act, InvalidValue, ItemId, Verdict, is_name

MAX_ACTS = 200
MAX_ROWS = 60


def parse_acts(body: Any, round_name: str, now: datetime) -> list[Verdict]:
    """Verdicts of one reviewer. Clocks of others are not believed further than a day.

    Raises:
        InvalidValue: If the body is none.
    """
    reviewer = parse_reviewer(_get(body, "reviewer"))
    acts = _get(body, "acts")
    if not isinstance(acts, list) or len(acts) > MAX_ACTS:
        raise InvalidValue("acts", f"a list of at most {MAX_ACTS}", type(acts).__name__)
    return [_act(act, reviewer, round_name, now) for act in acts]


def parse_reviewer(value: Any) -> str:
    """The name of a reviewer.

    Raises:
        InvalidValue: If it is none.
    """
    if not isinstance(value, str) or not is_name(value):
        raise InvalidValue("reviewer", "a name of one line", value)
    return value.strip()


def parse_rows(text: str) -> set[int]:
    """Numbers joined by commas.

    Raises:
        InvalidValue: If a part is no number.
    """
    parts = [part for part in text.split(",") if part]
    if len(parts) > 4 * MAX_ROWS or not all(part.isascii() and part.isdecimal() for part in parts):
        raise InvalidValue("have", "row numbers joined by commas", text)
    return {int(part) for part in parts}


def _act(act: Any, reviewer: str, round_name: str, now: datetime) -> Verdict:
    def text(name: str) -> str:
        value = act.get(name) or ""
        if not isinstance(value, str):
            raise InvalidValue(name, "a text", value)
        return value

    if not isinstance(act, dict):
        raise InvalidValue("An act", "an object", act)
    region = act.get("region")
    if region is not None and (isinstance(region, bool) or not isinstance(region, int)):
        raise InvalidValue("region", "a number", region)
    if text("act") not in set(Act):
        raise InvalidValue("act", f"one of {', '.join(Act)}", text("act"))
    return Verdict(
        text("id"),
        Act(text("act")),
        reviewer,
        _when(act.get("at"), now),
        ItemId.parse(text("item")) if text("item") else None,
        region,
        text("label"),
        text("target"),
        text("undoes"),
        act.get("adjudicates") is True,
        round_name,
        text("queue"),
    )


def _when(value: Any, now: datetime) -> datetime:
    try:
        moment = datetime.fromisoformat(value).astimezone(UTC)
    except (TypeError, ValueError, OverflowError):
        return now
    return moment if abs((moment - now).total_seconds()) < 86_400 else now


def _get(body: Any, name: str) -> Any:
    if not isinstance(body, dict) or name not in body:
        raise InvalidValue("The body", f"an object with {name!r}", type(body).__name__)
    return body[name]
