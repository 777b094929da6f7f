"""Proposers by name: one file each, one line here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from lydite.core import UnknownName
from lydite.detect.proposers import regions
from lydite.detect.proposers.base import Proposer
from lydite.detect.regions.settings import RegionSettings

Builder = Callable[[RegionSettings], Proposer]

PROPOSERS: Mapping[str, Builder] = MappingProxyType({"regions": regions.build})


def build_proposer(name: str, settings: RegionSettings) -> Proposer:
    """A proposer by its name.

    Args:
        name: A key of ``PROPOSERS``.
        settings: What it looks for.

    Raises:
        UnknownName: If there is no such proposer; names the nearest ones.
    """
    if name not in PROPOSERS:
        raise UnknownName("proposer", name, PROPOSERS)
    return PROPOSERS[name](settings)


__all__ = ["PROPOSERS", "Builder", "Proposer", "RegionSettings", "build_proposer"]
