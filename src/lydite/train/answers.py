"""What a run said of pictures, kept by picture and view in its folder, so that nothing is asked twice."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from io import BytesIO
from pathlib import Path

import numpy as np
import numpy.typing as npt
import polars as pl

from lydite.core import ImageId
from lydite.data import write_atomic
from lydite.data.files import os_errors_as_output_errors
from lydite.data.locking import lock_file

Logits = npt.NDArray[np.float32]
_ABOUT = "lydite.answers"
_LOCK = "lock"


class KeptAnswers:
    """Answers of the same models to the same view, by picture; a file a view.

    A file that is damaged, or of other models, is as good as none: answers can be had again.

    Args:
        folder: Where they are kept; made when first written to.
        models: What the models are: run, folds, digests of their files. Others' answers are not theirs.
        shape: ``(folds, classes)`` of an answer.
    """

    def __init__(self, folder: Path, models: Sequence[str], shape: tuple[int, int]) -> None:
        self._folder, self._shape = folder, shape
        self._about = json.dumps([*models, *shape])

    def load(self, view: str) -> dict[ImageId, Logits]:
        """Every answer to a view."""
        try:
            content = (self._folder / f"{view}.parquet").read_bytes()
            if pl.read_parquet_metadata(BytesIO(content)).get(_ABOUT) != self._about:
                return {}
            table = pl.read_parquet(BytesIO(content))
            logits = np.array(table["logits"].to_list(), np.float32).reshape(len(table), *self._shape)
            return dict(zip(map(ImageId, table["image"]), logits, strict=True))
        except (OSError, ValueError, pl.exceptions.PolarsError):
            return {}

    def keep(self, view: str, answers: Mapping[ImageId, Logits]) -> None:
        """Add answers to those of a view, also to what another process has added since.

        Raises:
            OutputError: If they cannot be written.
        """
        if not answers:
            return
        with os_errors_as_output_errors(self._folder):
            self._folder.mkdir(parents=True, exist_ok=True)
        with lock_file(self._folder / _LOCK):
            together = self.load(view) | dict(answers)
            order = sorted(together)
            table = pl.DataFrame(
                {
                    "image": [str(image) for image in order],
                    "logits": [together[image].ravel().tolist() for image in order],
                },
                schema={"image": pl.String, "logits": pl.List(pl.Float32)},
            )
            content = BytesIO()
            table.write_parquet(content, compression="zstd", metadata={_ABOUT: self._about})
            write_atomic(self._folder / f"{view}.parquet", content.getvalue())
