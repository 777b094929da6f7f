"""How a run begins, or goes on: a folder belongs to exactly one set of settings and exemplars."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from lydite import __version__
from lydite.core import OutputConflict
from lydite.data import write_atomic
from lydite.data.files import TEMPORARY, os_errors_as_output_errors, remove_leftovers
from lydite.detect.config import flatten, to_toml
from lydite.detect.detector import Detector
from lydite.detect.kept import write_calibration
from lydite.detect.run_folder import CALIBRATION, DESCRIPTION, SETTINGS, RunFolder


def open_run(path: Path, detector: Detector) -> RunFolder:
    """Begin a run in an empty or new folder, or go on with the same run.

    Raises:
        OutputConflict: If the folder holds anything else: another run (the differences are named), or
            files that are no run.
        OutputError: If the folder cannot be written.
    """
    folder = RunFolder(path)
    mine = describe(detector)
    if path.exists() and not path.is_dir():
        raise OutputConflict(f"Output {path} is a file.", "Name a folder with --out.")
    begun = (path / DESCRIPTION).exists()
    if begun:
        _require_same(folder, mine)
    elif path.exists() and not all(_is_ours(entry.name) for entry in path.iterdir()):
        raise OutputConflict(
            f"Output folder {path} is not empty and holds no run.", "Choose a new or empty folder with --out."
        )
    with os_errors_as_output_errors(path):
        path.mkdir(parents=True, exist_ok=True)
    remove_leftovers(path)
    # Where the thresholds come from is told first: once the folder is a run, it keeps them unasked.
    if detector.calibration is not None:
        write_calibration(path, detector.calibration)
    if not begun:
        write_atomic(path / DESCRIPTION, json.dumps(mine, indent=1))
    if not (path / SETTINGS).exists():
        write_atomic(path / SETTINGS, to_toml(detector.settings))
    return folder


def _is_ours(name: str) -> bool:
    """Whether a file may be what a run left that was killed before it was one."""
    return name == CALIBRATION or name.startswith(TEMPORARY)


def _require_same(folder: RunFolder, mine: Mapping[str, Any]) -> None:
    try:
        differences = _differences(folder.describe(), mine)
    except (ValueError, TypeError, KeyError, AttributeError):
        differences = [f"its {DESCRIPTION}, which describes no run"]
    if differences:
        raise OutputConflict(
            f"Output folder {folder.path} belongs to another run; it differs in {', '.join(differences)}.",
            "Choose another --out, or give the same settings and exemplars to go on with it.",
        )


def describe(detector: Detector) -> dict[str, Any]:
    """What decides every number of a run: settings, space, exemplars by content, version."""
    settings = flatten(detector.settings)
    for name in type(detector.settings.report).model_fields:
        del settings[name]
    described: dict[str, Any] = {
        "lydite": __version__,
        "settings": settings,
        "space": asdict(detector.space),
        "proposer": {"name": detector.proposer.name, **detector.proposer.provenance.facts},
        "classes": list(detector.bank.class_map),
        "exemplars": [
            {
                "name": source.name,
                "class": source.class_name,
                "path": str(source.path.absolute()),
                "against": source.against,
                "rle": source.rle,
                "judged": source.judged,
                **dict(zip(("picture", "mask"), detector.bank.digests_of(source), strict=True)),
                "mask_path": None if source.mask is None else str(source.mask.absolute()),
                "box": source.box,
            }
            for source in detector.bank.sources
        ],
        "set_aside": [asdict(negative) for negative in detector.bank.set_aside],
        "exemplar_problems": [str(problem) for problem in detector.bank.problems],
    }
    return with_fingerprint(json.loads(json.dumps(described)))


def with_fingerprint(described: Mapping[str, Any]) -> dict[str, Any]:
    """A description that names itself by its content."""
    # Where exemplars lie, and what was wrong with those left out, changes no number.
    rest = {key: value for key, value in described.items() if key != "fingerprint"}
    identity = {key: value for key, value in rest.items() if key != "exemplar_problems"}
    identity["exemplars"] = _contents(rest)
    text = json.dumps(identity, sort_keys=True)
    return {"fingerprint": hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest(), **rest}


def _differences(theirs: Mapping[str, Any], mine: Mapping[str, Any]) -> list[str]:
    """Names of what differs, settings by name."""
    if theirs.get("fingerprint") == mine["fingerprint"]:
        return []
    old, new = theirs.get("settings", {}), mine["settings"]
    found = [
        f"{name} ({old.get(name)} there, {new.get(name)} here)"
        for name in sorted(set(old) | set(new))
        if old.get(name) != new.get(name)
    ]
    found += [key for key in ("lydite", "space", "proposer", "classes") if theirs.get(key) != mine[key]]
    if _contents(theirs) != _contents(mine):
        found.append("exemplars")
    return found or ["its description"]


def _contents(described: Mapping[str, Any]) -> list[list[Any]]:
    """What the exemplars of a description are, wherever they lie."""
    keys = ("name", "class", "picture", "mask", "box")
    return [[exemplar[key] for key in keys] for exemplar in described.get("exemplars", [])]
