"""From a local folder or the hub to a model with all of its weights, or a clear refusal."""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

from lydite.core import CheckpointError, MissingExtra, UsageError
from lydite.core.errors import shorten
from lydite.detect.proposal_settings import SamSettings
from lydite.detect.segment.family import Family
from lydite.detect.segment.segmenter import Segmenter
from lydite.features.checkpoint import weights_digest

_FILES = "config.json, preprocessor_config.json and model.safetensors"
_LOCAL = f"Or fetch it elsewhere and give its folder ({_FILES}): --sam-checkpoint FOLDER."
_SHOWN = 10


def load_segmenter(family: Family, settings: SamSettings) -> Segmenter:
    """The model of the settings, whole, in evaluation mode.

    Only safetensors files are opened: a pickle may run any code.

    Args:
        family: The architecture that is wanted.
        settings: Folder, or name and revision on the hub; device and precision.

    Raises:
        MissingExtra: If torch, torchvision or transformers is not installed.
        UsageError: If transformers is too old for the architecture, or the device is absent.
        CheckpointError: If the model cannot be had, is of another architecture, or does not fit completely.
    """
    transformers = _require_installed(family)
    device = _require_device(settings.sam_device)
    model_class = getattr(transformers, family.model_class, None)
    if model_class is None:
        raise UsageError(
            f"The installed transformers {transformers.__version__} has no {family.model_class}.",
            f"Install {family.since} or newer: pip install 'transformers>={family.since}'.",
        )
    source, options = _source(family, settings)
    with _quiet(transformers):
        config = _attempt(source, settings, model_class.config_class.get_config_dict, source, **options)[0]
        _require_type(family, config.get("model_type"), source)
        config_file = _attempt(
            source, settings, transformers.utils.cached_file, source, "config.json", **options
        )
        processor = _attempt(
            source, settings, transformers.AutoImageProcessor.from_pretrained, source, **options
        )
        model, report = _attempt(
            source,
            settings,
            model_class.from_pretrained,
            source,
            output_loading_info=True,
            use_safetensors=True,
            ignore_mismatched_sizes=True,  # so that the report names them; any of them is refused below
            **options,
        )
    _require_whole(model, report, source)
    facts = {"weights": weights_digest(model)} | _provenance(family, settings, Path(config_file))
    model = model.eval().requires_grad_(False).to(device=device, dtype=_precision(device, settings.sam_half))
    return Segmenter(model, processor, facts)


def _source(family: Family, settings: SamSettings) -> tuple[str, dict[str, Any]]:
    """What transformers is asked for, and how."""
    if settings.sam_checkpoint is None:
        return settings.sam_model or family.hub, {"revision": settings.sam_revision}
    folder = settings.sam_checkpoint.expanduser()
    if not folder.is_dir():
        state = "is a file" if folder.exists() else "does not exist"
        raise CheckpointError(f"Model folder {folder} {state}.", f"Name a folder with {_FILES}.")
    missing = [name for name in ("config.json", "preprocessor_config.json") if not (folder / name).exists()]
    missing += [] if any(folder.glob("*.safetensors")) else ["model.safetensors"]
    if missing:
        raise CheckpointError(
            f"Model folder {folder} lacks {' and '.join(missing)}.",
            "Save both with save_pretrained: the model and its image processor.",
        )
    return str(folder), {"local_files_only": True}


def _attempt(source: str, settings: SamSettings, load: Any, *arguments: Any, **options: Any) -> Any:
    """Call a loader of transformers; whatever it raises, the file or the connection is to blame."""
    try:
        return load(*arguments, **options)
    except Exception as error:
        reason = shorten(str(error).strip().splitlines()[0] if str(error).strip() else repr(error), 300)
        if settings.sam_checkpoint is not None:
            raise CheckpointError(
                f"Model folder {source} cannot be loaded: {reason}.".replace("..", "."),
                f"It needs whole {_FILES} as save_pretrained writes them.",
            ) from error
        raise CheckpointError(
            f"Model {source} cannot be had from the hub: {reason}.".replace("..", "."),
            f"Check the name and the connection (a gated model also wants a login). {_LOCAL}",
        ) from error


def _require_type(family: Family, found: object, source: str) -> None:
    if found not in family.model_types:
        raise CheckpointError(
            f"Model {source} is of type {found!r}; proposer {family.name!r} takes "
            f"{' or '.join(repr(name) for name in family.model_types)}.",
            f"Choose the proposer that it was made for, or another model. {_LOCAL}",
        )


def _require_whole(model: Any, report: dict[str, Any], source: str) -> None:
    total = len(model.state_dict())
    mismatched = [entry if isinstance(entry, str) else entry[0] for entry in report["mismatched_keys"]]
    lists = [
        _listed("Missing", report["missing_keys"]),
        _listed("Unexpected", report["unexpected_keys"]),
        _listed("Of another shape", mismatched),
    ]
    if any(lists):
        fitting = total - len(report["missing_keys"]) - len(mismatched)
        raise CheckpointError(
            f"Weights of {source} do not fit its config.json: {fitting} of {total} tensors are there. "
            f"{' '.join(filter(None, lists))}",
            f"Take the whole model, weights and configuration of one source. {_LOCAL}",
        )


def _listed(what: str, names: Collection[str]) -> str:
    if not names:
        return ""
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return f"{what} ({len(names)}): {', '.join(sorted(names)[:_SHOWN])}{more}."


def _provenance(family: Family, settings: SamSettings, config_file: Path) -> dict[str, str]:
    """Name, commit and licence; of a folder only its name is known.

    The hub's cache keeps a folder a commit, so that the commit is told even where a branch was asked for.
    """
    if settings.sam_checkpoint is not None:
        return {
            "model": Path(settings.sam_checkpoint).name,
            "revision": "local folder",
            "licence": "as its source's",
        }
    name = settings.sam_model or family.hub
    licence = family.licence if name == family.hub else "see its page on the hub"
    return {"model": name, "revision": config_file.parent.name, "licence": licence}


def _require_installed(family: Family) -> Any:
    try:
        import torchvision  # noqa: F401
        import transformers
    except ImportError as error:
        raise MissingExtra(f"Proposer {family.name!r}", "sam") from error
    return transformers


def _require_device(name: str) -> Any:
    import torch

    try:
        device = torch.device(name)
        torch.empty(0, device=device)
    except (RuntimeError, AssertionError) as error:
        raise UsageError(
            "This device is not available to PyTorch here.", "Use --sam-device cpu.", name
        ) from error
    return device


def _precision(device: Any, half: bool) -> Any:
    """Half precision is float16 on accelerators and bfloat16 on the CPU, each where it is fast."""
    import torch

    if not half:
        return torch.float32
    return torch.bfloat16 if device.type == "cpu" else torch.float16


@contextlib.contextmanager
def _quiet(transformers: Any) -> Iterator[None]:
    """No bars and no tables on the terminal: what matters is raised."""
    logging = transformers.utils.logging
    level, bars = logging.get_verbosity(), logging.is_progress_bar_enabled()
    logging.set_verbosity(logging.CRITICAL)
    logging.disable_progress_bar()
    try:
        yield
    finally:
        logging.set_verbosity(level)
        if bars:
            logging.enable_progress_bar()
