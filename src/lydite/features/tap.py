"""Where in a timm network the dense map is taken, and how its output becomes a grid of cells."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lydite.core.errors import UnknownName, UsageError

if TYPE_CHECKING:
    from torch import Tensor, nn

LAST = "last"


@dataclass(frozen=True, eq=False)
class Tap:
    """The place of the map within one model.

    ``last`` is the network's final map as its classifier would see it, cell by cell: with the final norm
    where the network has one. A stage (timm's name of it: ``layer3``, ``stages.2``, ``blocks.6``) is taken
    as it leaves the stage, except that tokens of a ViT pass the final norm also from an earlier block:
    un-normed tokens are ruled by a few huge channels.

    Args:
        layer: ``last`` or the name of a stage.
        stage: Index of the stage in timm's ``forward_intermediates``; ``None`` for the final map.
        cell: Pixels per cell of this map.
        multiple: Pixels per cell of the model's coarsest map: what the sides of an input must divide by.
        norm: Norm still to be applied to what the model returns; ``None`` for none.
        normalisation: ``"final-norm"`` or ``"none"``, for the feature space.
    """

    layer: str
    stage: int | None
    cell: int
    multiple: int
    norm: nn.Module | None
    normalisation: str

    def grid(self, model: nn.Module, batch: Tensor) -> Tensor:
        """The map of one picture: ``(1, 3, height, width)`` to ``(rows, columns, dim)``.

        Raises:
            UsageError: If the model's output is no grid of one cell per ``cell`` x ``cell`` pixels.
        """
        rows, columns = batch.shape[-2] // self.cell, batch.shape[-1] // self.cell
        output = self._final(model, batch) if self.stage is None else self._stage(model, batch)
        if output.ndim == 2 and len(output) == rows * columns:
            output = output.reshape(rows, columns, -1)
        if output.ndim != 3 or output.shape[:2] != (rows, columns):
            raise UsageError(
                f"Layer {self.layer!r} makes no map with one cell per {self.cell}x{self.cell} pixels.",
                "Choose another layer or encoder.",
                f"{tuple(output.shape)} from an input of {batch.shape[-2]}x{batch.shape[-1]}",
            )
        return output

    def _final(self, model: Any, batch: Tensor) -> Tensor:
        """Cells ``(rows, columns, dim)`` of a convolutional map, or tokens ``(n, dim)`` without prefix."""
        output: Tensor = model.forward_features(batch)
        if self.norm is not None:
            output = self.norm(output)
        if output.ndim == 4:
            return output[0] if _is_channels_last(model) else output[0].permute(1, 2, 0)
        return output[0, model.num_prefix_tokens :] if _makes_tokens(model) else output[0, None]

    def _stage(self, model: Any, batch: Tensor) -> Tensor:
        (output,) = model.forward_intermediates(
            batch, indices=[self.stage], norm=False, stop_early=True, intermediates_only=True
        )
        cells: Tensor = output[0].permute(1, 2, 0)
        return cells if self.norm is None else self.norm(cells)


def find_tap(model: nn.Module, layer: str, fixed_hw: tuple[int, int] | None = None) -> tuple[Tap, int]:
    """The tap of a layer, tried once on an empty picture, and the length of its cells.

    Args:
        model: A timm model in evaluation mode, in full precision, on the CPU.
        layer: ``last`` or the name of a stage.
        fixed_hw: The only input size of a model that can take no other.

    Raises:
        UnknownName: If the model has no such layer.
        UsageError: If the model makes no grid there.
    """
    import torch

    stages = _stages(model)
    multiple = max(int(stage["reduction"]) for stage in stages)
    probe = torch.zeros(1, 3, *(fixed_hw or (2 * multiple, 3 * multiple)))
    try:
        with torch.inference_mode():
            tap = (
                _final_tap(model, probe, int(stages[-1]["reduction"]), multiple)
                if layer == LAST
                else _stage_tap(model, layer, probe, stages, multiple)
            )
            return tap, int(tap.grid(model, probe).shape[2])
    except (RuntimeError, AssertionError, ValueError) as error:  # how networks refuse an input's size
        raise UsageError(
            f"{type(model).__name__} cannot look at a picture of {probe.shape[-2]}x{probe.shape[-1]} pixels, "
            "so it makes no map of pictures of any size.",
            "Choose another encoder.",
            str(error),
        ) from error


def _final_tap(model: nn.Module, probe: Tensor, cell: int, multiple: int) -> Tap:
    norm, is_applied = _final_norm(model, probe)
    pending = None if is_applied else norm
    return Tap(LAST, None, cell, multiple, pending, "none" if norm is None else "final-norm")


def _stage_tap(
    model: nn.Module, layer: str, probe: Tensor, stages: Sequence[Mapping[str, Any]], multiple: int
) -> Tap:
    names = [str(stage["module"]) for stage in stages]
    if layer not in names:
        raise UnknownName("layer", layer, [LAST, *names])
    number = names.index(layer)
    norm = _final_norm(model, probe)[0] if _makes_tokens(model) else None
    return Tap(
        layer,
        number,
        int(stages[number]["reduction"]),
        multiple,
        norm,
        "none" if norm is None else "final-norm",
    )


def _final_norm(model: nn.Module, probe: Tensor) -> tuple[nn.Module | None, bool]:
    """The norm between the last stage and the classifier, and whether ``forward_features`` applies it.

    ConvNeXt keeps it in the head, ViTs with average pooling as ``fc_norm``, most others as ``norm``.
    """
    from torch import nn

    for place in ("head.norm", "fc_norm", "norm"):
        try:
            norm = model.get_submodule(place)
        except AttributeError:
            continue
        if not isinstance(norm, nn.Identity):
            return norm, _is_called(norm, model, probe)
    return None, False


def _is_called(module: nn.Module, model: Any, probe: Tensor) -> bool:
    calls: list[bool] = []
    handle = module.register_forward_hook(lambda *_: calls.append(True))
    try:
        model.forward_features(probe)
    finally:
        handle.remove()
    return bool(calls)


def _stages(model: Any) -> Sequence[Mapping[str, Any]]:
    """The table of stages that timm keeps: name, pixels per cell, channels."""
    table = getattr(model, "feature_info", None) or ()
    stages: Sequence[Mapping[str, Any]] = table if isinstance(table, list | tuple) else table.get_dicts()
    if not stages:
        raise UsageError(
            f"{type(model).__name__} has no table of stages, so its map cannot be placed on the picture.",
            "Choose another encoder.",
        )
    return stages


def _makes_tokens(model: nn.Module) -> bool:
    return hasattr(model, "num_prefix_tokens")


def _is_channels_last(model: nn.Module) -> bool:
    return getattr(model, "output_fmt", "NCHW") == "NHWC"
