"""Any network of timm as an encoder: ResNet, ConvNeXt, EfficientNet, Swin, ViT, DINOv2, DINOv3..."""

from __future__ import annotations

import contextlib
import logging
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from lydite.core import FeatureMap, FeatureSpace
from lydite.core.errors import InvalidValue, MissingExtra, UnknownName, UsageError
from lydite.features.checkpoint import load_checkpoint, weights_digest
from lydite.features.geometry import input_hw, resize
from lydite.features.pooling import POOLING
from lydite.features.settings import EncoderSettings
from lydite.features.tap import Tap, find_tap

if TYPE_CHECKING:
    import torch
    from torch import nn

_OWN_OPTIONS = frozenset({"num_classes", "in_chans", "pretrained", "checkpoint_path", "features_only"})
_HUB_LOGGERS = ("timm", "huggingface_hub")


@dataclass(frozen=True, eq=False)
class TimmEncoder:
    """A trained network and the one place in it where maps are taken.

    Args:
        space: The space of every map.
        model: In evaluation mode, on ``device``, in ``dtype``.
        tap: Where the map is taken.
        short_side: Pixels of the short side at which pictures are looked at.
        fixed_hw: The only size that the network can look at, or ``None``.
        device: Where the network runs.
        dtype: The precision in which it runs; maps are float32 always.
    """

    space: FeatureSpace
    model: nn.Module
    tap: Tap
    short_side: int
    fixed_hw: tuple[int, int] | None
    device: torch.device
    dtype: torch.dtype

    def encode(self, pixels: npt.NDArray[np.uint8]) -> FeatureMap:
        """The dense map of a picture.

        Args:
            pixels: ``(height, width, 3)`` uint8 RGB, at least 1x1.

        Returns:
            A map whose grid covers the whole picture exactly, in float32.

        Raises:
            InvalidValue: If ``pixels`` is anything else, or the network made a value that is not finite.
        """
        import torch

        if pixels.ndim != 3 or pixels.shape[2] != 3 or 0 in pixels.shape or pixels.dtype != np.uint8:
            raise InvalidValue(
                "pixels", "uint8 of shape (height, width, 3)", f"{pixels.dtype} {pixels.shape}"
            )
        size_hw = (pixels.shape[0], pixels.shape[1])
        looked_hw = self.fixed_hw or input_hw(size_hw, self.short_side, self.tap.multiple)
        with torch.inference_mode():
            cells = self.tap.grid(self.model, self._batch(resize(pixels, looked_hw)))
            array = cells.float().cpu().contiguous().numpy()
        return FeatureMap(array, size_hw, self.space, looked_hw)

    def smaller(self, divisor: int) -> TimmEncoder:
        """The same network looking at pictures at a share of the size; see ``Encoder.smaller``."""
        return replace(self, short_side=max(self.tap.multiple, self.short_side // divisor))

    def _batch(self, pixels: npt.NDArray[np.uint8]) -> torch.Tensor:
        """Standardised in float32 on the CPU, ``(1, 3, height, width)``, then sent where the network is."""
        import torch

        mean = np.asarray(self.space.mean, np.float32)
        std = np.asarray(self.space.std, np.float32)
        planes = ((pixels.astype(np.float32) / 255 - mean) / std).transpose(2, 0, 1)
        batch = torch.from_numpy(np.ascontiguousarray(planes[None]))
        return batch.to(device=self.device, dtype=self.dtype)


def build(settings: EncoderSettings) -> TimmEncoder:
    """The encoder of a timm model, with trained weights: from ``settings.checkpoint``, else by timm's hub.

    There is no way to get an untrained network from here.

    Raises:
        MissingExtra: If torch or timm is not installed.
        UnknownName: If timm has no such model, or the model no such layer.
        UsageError: If the device is absent, an option is unknown to the model, or the hub has no weights
            or cannot be reached.
        CheckpointError: If the checkpoint does not fit the model completely.
    """
    require_known(settings.encoder)
    _require_device(settings.device)
    with _quiet():
        if settings.checkpoint is None:
            model, fixed_hw = _trained_by_hub(settings)
        else:
            model, fixed_hw = _create(settings, num_classes=0)
            load_checkpoint(model, settings.checkpoint)
        return encoder_from_model(model, settings, fixed_hw)


def encoder_from_model(
    model: nn.Module, settings: EncoderSettings, fixed_hw: tuple[int, int] | None = None
) -> TimmEncoder:
    """Wrap a model that is built already, with the weights that it has.

    Args:
        model: Of timm, on the CPU, in float32, without classifier. It is taken over: moved to
            ``settings.device`` and set to evaluation.
        settings: ``checkpoint`` is not looked at.
        fixed_hw: The only input size of a model that can take no other; ``settings.short_side`` must
            agree with it.

    Raises:
        UnknownName: If the model has no layer of that name.
        UsageError: If the device is absent, or the model makes no dense map of such pictures.
    """
    _require_device(settings.device)
    _require_size(settings, fixed_hw)
    model = model.eval().requires_grad_(False)
    tap, dim = find_tap(model, settings.layer, fixed_hw)
    space = _space(model, settings, tap, dim)
    device, dtype = _placement(settings)
    return TimmEncoder(
        space, model.to(device=device, dtype=dtype), tap, settings.short_side, fixed_hw, device, dtype
    )


def _space(model: Any, settings: EncoderSettings, tap: Tap, dim: int) -> FeatureSpace:
    """The tag of the weights is not part of the name: the digest says which weights they are."""
    name = settings.encoder.partition(".")[0]
    options = ", ".join(f"{key}={value!r}" for key, value in sorted(settings.model_options.items()))
    return FeatureSpace(
        encoder=f"{name}({options})" if options else name,
        weights=weights_digest(model),
        layer=tap.layer,
        normalisation=tap.normalisation,
        colour_order="RGB",
        mean=settings.mean or model.pretrained_cfg["mean"],
        std=settings.std or model.pretrained_cfg["std"],
        pooling=POOLING,
        dim=dim,
    )


def _create(settings: EncoderSettings, **arguments: Any) -> tuple[nn.Module, tuple[int, int] | None]:
    """The model, made to take any input size where it can, and else its only size.

    Raises:
        UsageError: If the model refuses ``settings.model_options``.
    """
    import timm

    _require_free(settings)
    config: Any = timm.get_pretrained_cfg(settings.encoder)
    if not config.fixed_input_size:
        return _create_with(settings, arguments), None
    # timm names the permission to take other sizes differently from family to family.
    for permission in ("dynamic_img_size", "strict_img_size"):
        value = permission == "dynamic_img_size"
        with contextlib.suppress(_RefusedOption):
            return _create_with(settings, {**arguments, permission: value}, optional=permission), None
    size = settings.model_options.get("img_size", config.input_size[-1])
    return _create_with(settings, arguments), (int(size), int(size))


class _RefusedOption(Exception):
    """The model's family does not know an option that was only offered."""


def _create_with(settings: EncoderSettings, arguments: dict[str, Any], optional: str = "") -> nn.Module:
    import timm

    try:
        model: nn.Module = timm.create_model(settings.encoder, **{**arguments, **settings.model_options})
    except (TypeError, ValueError, AssertionError, KeyError, AttributeError) as error:
        if optional and optional in str(error):
            raise _RefusedOption from error
        raise UsageError(
            f"Encoder {settings.encoder!r} cannot be built with its model options: {_reason(error)}.",
            "Give options that this model's builder in timm takes, or none.",
            settings.model_options,
        ) from error
    return model


def _trained_by_hub(settings: EncoderSettings) -> tuple[Any, tuple[int, int] | None]:
    """The model with the weights that timm publishes.

    It is built with the classifier that the weights were published with, since timm checks that every
    tensor fits only then, and loses it afterwards.
    """
    import timm

    name = settings.encoder
    config: Any = timm.get_pretrained_cfg(name)
    if not config.has_weights:
        raise UsageError(
            f"timm publishes no trained weights of {name!r}.", "Give a weights file: --checkpoint FILE."
        )
    try:
        model, fixed_hw = _create(settings, pretrained=True)
    except UsageError:
        raise
    except Exception as error:  # the hub's errors have no common root, and differ between its versions
        raise UsageError(
            f"The trained weights of {name!r} could not be fetched from the hub.",
            "Check the network, or give a weights file: --checkpoint FILE.",
            _reason(error),
        ) from error
    untyped: Any = model
    untyped.reset_classifier(0)
    return untyped, fixed_hw


def _reason(error: Exception) -> str:
    """The first line of a foreign error, or its kind where it has no words."""
    return str(error).strip().partition("\n")[0].rstrip(".") or type(error).__name__


def _require_installed(encoder: str) -> None:
    try:
        import timm  # noqa: F401
        import torch  # noqa: F401
    except ImportError as error:
        raise MissingExtra(f"Encoder {encoder!r}", "torch") from error


def require_known(encoder: str) -> None:
    """Pass if timm is installed and knows a model; nothing is loaded.

    Raises:
        MissingExtra: If torch or timm is not installed.
        UnknownName: If timm has no such model; the nearest are suggested.
    """
    _require_installed(encoder)
    import timm

    tagged = timm.list_models(pretrained=True)
    if not timm.is_model(encoder):
        raise UnknownName("encoder", encoder, [*timm.list_models(), *tagged])
    if "." in encoder and encoder not in tagged:
        name = encoder.partition(".")[0]
        raise UnknownName("encoder", encoder, [known for known in tagged if known.startswith(f"{name}.")])


def _require_free(settings: EncoderSettings) -> None:
    taken = sorted(_OWN_OPTIONS & settings.model_options.keys())
    if taken:
        raise UsageError(
            "A model option is decided by Lydite itself: encoders are built without classifier, for RGB.",
            "Leave it out.",
            taken[0],
        )


def _require_size(settings: EncoderSettings, fixed_hw: tuple[int, int] | None) -> None:
    if fixed_hw is not None and settings.short_side != fixed_hw[0]:
        raise UsageError(
            f"Encoder {settings.encoder!r} can look at pictures of {fixed_hw[0]}x{fixed_hw[1]} only.",
            f"Use --short-side {fixed_hw[0]} (pictures are stretched to that square), or another encoder.",
            settings.short_side,
        )


def _require_device(name: str) -> None:
    import torch

    try:
        device = torch.device(name)
    except RuntimeError as error:
        raise UsageError("There is no such device.", "Known: cpu, cuda, cuda:1, mps.", name) from error
    present = {
        "cpu": True,
        "cuda": torch.cuda.is_available() and (device.index or 0) < torch.cuda.device_count(),
        "mps": torch.backends.mps.is_available(),
    }
    if not present.get(device.type, False):
        raise UsageError("This device is not available to PyTorch here.", "Use --device cpu.", name)


def _placement(settings: EncoderSettings) -> tuple[torch.device, torch.dtype]:
    """Half precision is float16 on accelerators and bfloat16 on the CPU, each where it is fast."""
    import torch

    device = torch.device(settings.device)
    if not settings.half:
        return device, torch.float32
    return device, torch.bfloat16 if device.type == "cpu" else torch.float16


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Keep what timm and its hub say to themselves: what matters of it becomes an error here."""
    loggers = [logging.getLogger(name) for name in _HUB_LOGGERS]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.CRITICAL)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)
