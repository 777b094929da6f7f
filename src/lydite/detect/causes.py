"""Why two runs may differ: what their descriptions do not have in common."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Cause:
    """One thing in which two runs differ.

    Args:
        kind: ``"setting"``, ``"space"``, ``"class"``, ``"exemplar"`` or ``"version"``.
        name: Which one.
        before: Its value in the first run; ``None`` where it is not there.
        after: Its value in the second run; ``None`` where it is not there.
    """

    kind: str
    name: str
    before: Any
    after: Any


def find_causes(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[Cause, ...]:
    """Compare two run descriptions; exemplars by content, wherever they lie.

    Args:
        before: The first run's ``run.json``.
        after: The second run's.
    """
    tables = (
        ("version", {"lydite": before["lydite"]}, {"lydite": after["lydite"]}),
        ("space", before["space"], after["space"]),
        ("setting", before["settings"], after["settings"]),
        ("class", _places(before), _places(after)),
        ("exemplar", _exemplars(before), _exemplars(after)),
    )
    return tuple(
        Cause(kind, name, old.get(name), new.get(name))
        for kind, old, new in tables
        for name in sorted(set(old) | set(new))
        if old.get(name) != new.get(name)
    )


def _places(description: Mapping[str, Any]) -> dict[str, bool]:
    return dict.fromkeys(description["classes"], True)


def _exemplars(description: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Content by name; where a content differs, the digests say so."""
    keys = ("class", "picture", "mask", "box")
    return {
        exemplar["name"]: {key: exemplar.get(key) for key in keys} for exemplar in description["exemplars"]
    }
