"""What a run says of pictures that lie anywhere: every model, every view, and nothing lost."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import numpy.typing as npt

from lydite.core import Exposure, ImageError, ImageId, LyditeError, MissingExtra
from lydite.data import ImageFile, ImageLimits, decode_image
from lydite.data.image import read_picture_bytes
from lydite.data.watch import Watch, unwatched
from lydite.engines import Engine, Failure
from lydite.train.answers import KeptAnswers
from lydite.train.finished import FinishedTraining
from lydite.train.lineage import ledger_of, member_name, twins_of
from lydite.train.tta import View, combine
from lydite.train.voices import Voices, model_files, open_voices, ready_folds, require_parts

Logits = npt.NDArray[np.float32]
VIEWS_FOLDER = "views"
_KEEP_EVERY = 256


@dataclass(frozen=True, slots=True, eq=False)
class Prediction:
    """What a run says of one file.

    Args:
        file: The file and the item that it is.
        picture: Hash of its bytes; ``None`` if it cannot be read.
        probabilities: ``(classes,)``: mean over the models of those of the mean logits over views; NaN
            throughout without an answer.
        exposure: What the run had seen of the picture, the most that any of its models had.
        reason: Why there is no answer; empty if there is one.
    """

    file: ImageFile
    picture: ImageId | None
    probabilities: npt.NDArray[np.float64]
    exposure: Exposure
    reason: str


def predict_files(
    run: FinishedTraining,
    files: Sequence[ImageFile],
    views: Sequence[View],
    engine: Engine,
    *,
    device: str = "cpu",
    watch: Watch = unwatched,
) -> tuple[Prediction, ...]:
    """Ask every model of a run that is ready about files, in their order.

    What is already kept in the run's folder is not asked again; new answers are kept there as they come. A
    file that cannot be read is a row with the reason.

    Args:
        run: The run.
        files: What to look at.
        views: At least one.
        engine: Where pictures are looked at.
        device: Where networks compute.
        watch: Shows progress.

    Raises:
        UsageError: If no model is ready.
        CheckpointError: If a model cannot be loaded.
        OutputError: If answers cannot be kept.
    """
    folds = ready_folds(run)
    shape = (len(folds), len(run.classes))
    kept = KeptAnswers(run.folder / "predictions" / VIEWS_FOLDER, models_of(run, folds), shape)
    known = {view.name: kept.load(view.name) for view in views}
    require_parts(run)
    setup = partial(_Models, run.folder, device, tuple(views), _found_everywhere(known))
    paths = [str(file.path) for file in files]
    pictures: list[ImageId | None] = []
    reasons: list[str] = []
    fresh: dict[str, dict[ImageId, Logits]] = {view.name: {} for view in views}
    try:
        for result in watch(engine.map(_ask, paths, setup), len(paths), "predicting"):
            if isinstance(result, Failure):
                if not isinstance(result.error, ImageError | MissingExtra):
                    raise result.error
                pictures.append(None)
                reasons.append(str(result.error))
                continue
            picture, answers = result.value
            pictures.append(picture)
            reasons.append("")
            for name, logits in answers.items():
                known[name][picture] = fresh[name][picture] = logits
            if max(map(len, fresh.values())) >= _KEEP_EVERY:
                _keep(kept, fresh)
    finally:
        _keep(kept, fresh)
    exposures = _exposures(run, folds, pictures)
    return tuple(
        Prediction(file, picture, _mean(known, picture, len(run.classes)), exposure, reason)
        for file, picture, exposure, reason in zip(files, pictures, exposures, reasons, strict=True)
    )


class _Models:
    """What a worker holds; models are loaded when the first picture needs them."""

    def __init__(self, folder: Path, device: str, views: tuple[View, ...], known: frozenset[ImageId]) -> None:
        self._folder, self._device, self._views = folder, device, views
        self.known = known
        self._voices: Voices | None = None

    def say(self, pixels: npt.NDArray[np.uint8]) -> dict[str, Logits]:
        """Logits of every model to every view."""
        if self._voices is None:
            self._voices = open_voices(FinishedTraining.open(self._folder), self._device)
        return {view.name: self._voices.say(view.apply(pixels)) for view in self._views}


def _ask(models: _Models, path: str) -> tuple[ImageId, dict[str, Logits]]:
    data = read_picture_bytes(Path(path), ImageLimits())
    picture = ImageId.of_bytes(data)
    return picture, {} if picture in models.known else models.say(decode_image(data, path).pixels)


def _found_everywhere(known: dict[str, dict[ImageId, Logits]]) -> frozenset[ImageId]:
    first, *others = (frozenset(answers) for answers in known.values())
    return first.intersection(*others)


def _keep(kept: KeptAnswers, fresh: dict[str, dict[ImageId, Logits]]) -> None:
    for name, answers in fresh.items():
        kept.keep(name, answers)
        answers.clear()


def _mean(
    known: dict[str, dict[ImageId, Logits]], picture: ImageId | None, classes: int
) -> npt.NDArray[np.float64]:
    if picture is None:
        return np.full(classes, np.nan)
    logits = combine([answers[picture] for answers in known.values()]).astype(np.float64)
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    mean: npt.NDArray[np.float64] = (powers / powers.sum(axis=1, keepdims=True)).mean(axis=0)
    return mean


def models_of(run: FinishedTraining, folds: Sequence[int]) -> tuple[str, ...]:
    """What the models are, by the bytes of their files."""
    return (run.id, *(f"{fold} {digest}" for fold, digest in _digests(run, folds)))


def _digests(run: FinishedTraining, folds: Sequence[int]) -> Iterator[tuple[int, str]]:
    for fold, file in zip(folds, model_files(run), strict=True):
        digest = hashlib.sha256()
        with file.open("rb") as opened:
            while part := opened.read(1 << 20):
                digest.update(part)
        yield fold, digest.hexdigest()


def _exposures(
    run: FinishedTraining, folds: Sequence[int], pictures: Sequence[ImageId | None]
) -> list[Exposure]:
    read = [picture for picture in pictures if picture is not None]
    try:
        ledger = ledger_of([run.folder], twins_of(run.page))
        told = np.max([ledger.exposure_of(member_name(run.id, fold), read) for fold in folds], axis=0)
    except LyditeError:
        told = np.full(len(read), Exposure.UNKNOWN)
    by_picture = dict(zip(read, told.tolist(), strict=True))
    return [Exposure.UNKNOWN if one is None else Exposure(by_picture[one]) for one in pictures]
