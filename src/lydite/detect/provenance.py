"""Where instances come from: the run, its models, and on what terms those may be used."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from lydite import __version__
from lydite.detect.finished import FinishedRun
from lydite.features.licences import UNKNOWN, licence_of

PROVENANCE = "provenance.json"
_PROPOSER_LICENCES = {"regions": "Apache-2.0 (no weights; part of Lydite)"}


@dataclass(frozen=True, slots=True)
class Counts:
    """What an export covers.

    Args:
        pictures: Pictures in it.
        instances: Instances in them.
        left_out: Pictures of the run that are not in it.
    """

    pictures: int
    instances: int
    left_out: int


def tell_provenance(run: FinishedRun, export_format: str, counts: Counts) -> dict[str, Any]:
    """What someone who finds an export must know, ready for JSON.

    Args:
        run: The run that it came from.
        export_format: What it was written as.
        counts: What it covers.
    """
    described = run.description
    settings, space = described["settings"], described["space"]
    proposer = settings["proposer"]
    return {
        "made_by": "predictions of lydite, not labels that a person has confirmed",
        "lydite": __version__,
        "format": export_format,
        "run": {
            "fingerprint": described["fingerprint"],
            "lydite": described["lydite"],
            "exemplars": len(described["exemplars"]),
        },
        "classes": list(run.class_map),
        "pictures": counts.pictures,
        "instances": counts.instances,
        "pictures_left_out": counts.left_out,
        "models": [
            {
                "role": "encoder",
                "name": space["encoder"],
                "weights_sha256": space["weights"],
                "layer": space["layer"],
                "licence": licence_of(space["encoder"], settings.get("checkpoint")),
            },
            {
                "role": "proposer",
                "name": proposer,
                "licence": _PROPOSER_LICENCES.get(proposer, UNKNOWN),
            },
        ],
    }
