"""A model of the family, asked: one look at a picture, then masks for any prompts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from torch import Tensor, nn

Points = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """A picture as the model has seen it.

    Args:
        embeddings: What the decoder takes, by argument name.
        sizes: What the processor needs to bring masks back to the picture's size.
        scale_xy: From pixels of the picture to pixels of the model's input: ``(2,)`` float64.
    """

    embeddings: Mapping[str, Any]
    sizes: Mapping[str, Any]
    scale_xy: npt.NDArray[np.float64]


class Promptable(Protocol):
    """What masks are generated from."""

    def look(self, pixels: npt.NDArray[np.uint8]) -> Any:
        """Embed a picture once; the answer is handed back with every question."""
        ...

    def ask_points(self, view: Any, points: Points, batch: int) -> Iterator[tuple[Tensor, Tensor]]:
        """Masks for points ``(n, 2)``: logits ``(m, height, width)`` and predicted IoU ``(m,)`` by batch."""
        ...

    def ask_boxes(self, view: Any, boxes: Points, batch: int) -> Iterator[tuple[Tensor, Tensor]]:
        """Masks for boxes ``(n, 4)``, likewise."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class Segmenter:
    """A loaded model with its processor.

    Args:
        model: In evaluation mode.
        processor: Its image processor.
        facts: Which weights these are, for the description of a run.
    """

    model: nn.Module
    processor: Any
    facts: Mapping[str, str]

    def look(self, pixels: npt.NDArray[np.uint8]) -> View:
        """Embed a picture once.

        Args:
            pixels: ``(height, width, 3)`` uint8 RGB.
        """
        import torch

        pixels = np.require(pixels, requirements=["W"])  # torch warns of arrays that it must not change
        inputs = self.processor(images=[pixels], return_tensors="pt", input_data_format="channels_last")
        weight = next(self.model.parameters())
        images = inputs["pixel_values"].to(device=weight.device, dtype=weight.dtype)
        with torch.inference_mode():
            embedded = self.model.get_image_embeddings(images)  # type: ignore[operator]
        sizes = {"original_sizes": inputs["original_sizes"]}
        input_hw = tuple(images.shape[-2:])
        if "reshaped_input_sizes" in inputs:  # padded, not stretched, to the model's input
            sizes["reshaped_input_sizes"] = inputs["reshaped_input_sizes"]
            input_hw = tuple(inputs["reshaped_input_sizes"][0].tolist())
        scale = np.array([input_hw[1] / pixels.shape[1], input_hw[0] / pixels.shape[0]], np.float64)
        return View(_named(embedded), sizes, scale)

    def ask_points(self, view: View, points: Points, batch: int) -> Iterator[tuple[Tensor, Tensor]]:
        """Three masks for each point, from part to whole.

        Args:
            view: The picture.
            points: ``(n, 2)`` ``x y`` in pixels of the picture.
            batch: Points answered at a time.

        Yields:
            Logits ``(m, height, width)`` at the picture's size and predicted IoU ``(m,)``, a batch at a time.
        """
        for part in _batches(points, batch):
            scaled = self._tensor(part * view.scale_xy)[None, :, None, :]
            yield self._answer(view, {"input_points": scaled}, several=True)

    def ask_boxes(self, view: View, boxes: Points, batch: int) -> Iterator[tuple[Tensor, Tensor]]:
        """One mask for each box; ``(n, 4)`` ``x0 y0 x1 y1`` in pixels of the picture; yields as points do."""
        for part in _batches(boxes, batch):
            scaled = self._tensor(part * np.tile(view.scale_xy, 2))[None]
            yield self._answer(view, {"input_boxes": scaled}, several=False)

    def _answer(self, view: View, prompts: Mapping[str, Tensor], *, several: bool) -> tuple[Tensor, Tensor]:
        import torch

        with torch.inference_mode():
            answer = self.model(**prompts, **view.embeddings, multimask_output=several)
            masks = answer.pred_masks.float()
            (logits,) = self.processor.post_process_masks(masks, **view.sizes, binarize=False)
        return logits.flatten(0, 1), answer.iou_scores.float().flatten()

    def _tensor(self, values: npt.NDArray[np.floating]) -> Tensor:
        import torch

        return torch.from_numpy(values.astype(np.float32)).to(next(self.model.parameters()).device)


def _named(embedded: Any) -> dict[str, Any]:
    """SAM-HQ's decoder also takes what its encoder saw half-way."""
    if isinstance(embedded, tuple):
        return {"image_embeddings": embedded[0], "intermediate_embeddings": embedded[1]}
    return {"image_embeddings": embedded}


def _batches(rows: Points, size: int) -> Iterator[Points]:
    return (rows[start : start + size] for start in range(0, len(rows), size))
