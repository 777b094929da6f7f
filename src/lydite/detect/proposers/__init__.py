"""Proposers by name: one file each, one line here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from lydite.core import UnknownName
from lydite.detect.config import DetectSettings
from lydite.detect.proposers import (
    boxes,
    callback,
    edgetam,
    regions,
    sam,
    sam2,
    sam3_tracker,
    sam_hq,
    similarity,
)
from lydite.detect.proposers.base import AnyProposer, Guided, GuidedProposer, Proposer, Provenance
from lydite.detect.proposers.callback import CallbackProposer

Builder = Callable[[DetectSettings], AnyProposer]

PROPOSERS: Mapping[str, Builder] = MappingProxyType(
    {
        "boxes": boxes.build,
        "callback": callback.build,
        "edgetam": edgetam.build,
        "regions": regions.build,
        "sam": sam.build,
        "sam2": sam2.build,
        "sam3_tracker": sam3_tracker.build,
        "sam_hq": sam_hq.build,
        "similarity": similarity.build,
    }
)


def build_proposer(settings: DetectSettings) -> AnyProposer:
    """The proposer that the settings name.

    Args:
        settings: ``proposer.proposer`` is a key of ``PROPOSERS``; each proposer reads its own group.

    Raises:
        UnknownName: If there is no such proposer; names the nearest ones.
        UsageError: If a proposer lacks what it needs, such as a file.
    """
    name = settings.proposer.proposer
    if name not in PROPOSERS:
        raise UnknownName("proposer", name, PROPOSERS)
    return PROPOSERS[name](settings)


__all__ = [
    "PROPOSERS",
    "AnyProposer",
    "Builder",
    "CallbackProposer",
    "Guided",
    "GuidedProposer",
    "Proposer",
    "Provenance",
    "build_proposer",
]
