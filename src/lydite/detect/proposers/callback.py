"""Candidates from any Python function: a detector of one's own, behind the same door as all others."""

from __future__ import annotations

import hashlib
import importlib
import importlib.util
import inspect
import pickle
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import numpy.typing as npt

from lydite.core import Boxes, Candidates, ImageError, InvalidValue, ItemId, Masks, UsageError
from lydite.detect.config import DetectSettings
from lydite.detect.proposers.base import Proposer, Provenance, distinct_rows

Function = Callable[[npt.NDArray[np.uint8]], Any]

_FORM = "masks (n, height, width) or boxes (n, 4), alone or as a pair with n qualities"


class CallbackProposer:
    """Asks a function.

    The function gets ``(height, width, 3)`` uint8 RGB, a copy that it may change, and returns ``Masks``,
    ``Boxes``, an array of masks ``(n, height, width)`` or of boxes ``(n, 4)`` (``x0 y0 x1 y1`` in pixels),
    or a pair of one of these and ``n`` qualities in [0, 1]. Nothing found is an empty list.

    Args:
        function: Called once a picture; must be found by name in its module if it shall travel to workers.
        spec: How the function was named in the settings; ``None`` if it was given as it is.
    """

    def __init__(self, function: Function, spec: str | None = None) -> None:
        self._function = function
        self._spec = spec

    @property
    def name(self) -> str:
        """Its name in the table of proposers."""
        return "callback"

    @property
    def provenance(self) -> Provenance:
        """The function's name, and a digest of the file that it is written in, where there is one."""
        facts = {"function": _title(self._function)}
        code = _source_digest(self._function)
        return Provenance(facts | ({"code": code} if code else {}))

    def __reduce__(self) -> tuple[object, ...]:
        """Travel by name; a function without one is refused here instead of in the worker."""
        if self._spec is not None:
            return _load, (self._spec,)
        try:
            pickle.dumps(self._function)
        except (pickle.PicklingError, AttributeError, TypeError) as error:
            raise UsageError(
                f"Function {_title(self._function)} cannot travel to worker processes: {error}.",
                "Define it at the top level of a module, or use one worker.",
            ) from None
        return CallbackProposer, (self._function,)

    def propose(self, pixels: npt.NDArray[np.uint8], item: ItemId) -> Candidates:
        """What the function found, best first; of equal masks the first.

        Args:
            pixels: ``(height, width, 3)`` uint8 RGB, at least 1x1.
            item: The picture's row.

        Raises:
            ImageError: If the function raises on this picture.
            InvalidValue: If it returns something else, or masks without a pixel in the picture.
        """
        try:
            returned = self._function(pixels.copy())
        except Exception as error:
            reason = f"made the callback {_title(self._function)} fail: {type(error).__name__}: {error}"
            raise ImageError(item.path, reason, "Mend the function.") from error
        found, quality = _split(returned)
        masks, boxes = _read(found, (pixels.shape[0], pixels.shape[1]))
        qualities = _read_quality(quality, len(masks))
        order = np.argsort(-qualities, kind="stable")
        order = order[distinct_rows(masks[order])]
        return Candidates.born(item, masks[order], qualities[order], self.name, boxes[order])


def _split(returned: Any) -> tuple[Any, Any]:
    if isinstance(returned, tuple) and len(returned) == 2 and np.ndim(returned[1]) <= 1:
        return returned
    return returned, None


def _read(found: Any, size_hw: tuple[int, int]) -> tuple[Masks, Boxes]:
    if isinstance(found, Boxes):
        return _from_boxes(found, size_hw)
    if not isinstance(found, Masks):
        array = _as_array(found)
        if array.size == 0 and array.ndim < 3:
            return Masks.empty(size_hw), Boxes.empty()
        if array.ndim == 2 and array.shape[1] == 4:
            return _from_boxes(Boxes(array.astype(np.float32)), size_hw)
        if array.ndim != 3:
            raise InvalidValue("What the callback returned", _FORM, array.shape)
        found = Masks.from_dense(array)
    if found.size_hw != size_hw:
        raise InvalidValue("Masks of the callback", f"of the picture's size {size_hw}", found.size_hw)
    empty = np.flatnonzero(found.areas == 0)
    if len(empty):
        raise InvalidValue("Masks of the callback", "without an empty one", f"row {empty[0]}")
    return found, found.boxes


def _as_array(found: Any) -> npt.NDArray[Any]:
    try:
        array = np.asarray(found)
    except ValueError:
        array = np.array(None)
    if array.dtype.kind not in "biuf":
        raise InvalidValue("What the callback returned", _FORM, found)
    return array


def _from_boxes(boxes: Boxes, size_hw: tuple[int, int]) -> tuple[Masks, Boxes]:
    inside = boxes.clip(size_hw)
    masks = Masks.from_boxes(inside, size_hw)
    empty = np.flatnonzero(masks.areas == 0)
    if len(empty):
        seen = boxes.xyxy[empty[0]].tolist()
        raise InvalidValue(f"Box {empty[0]} of the callback", f"over a pixel of the picture {size_hw}", seen)
    return masks, inside


def _read_quality(quality: Any, count: int) -> npt.NDArray[np.float32]:
    if quality is None:
        return np.ones(count, np.float32)
    array = _as_array(quality).astype(np.float32)
    if array.shape != (count,):
        raise InvalidValue("Quality of the callback", f"of shape ({count},)", array.shape)
    bad = ~((array >= 0) & (array <= 1))
    if bad.any():
        raise InvalidValue("Quality of the callback", "in [0, 1]", float(array[bad][0]))
    return array


def _title(function: Function) -> str:
    module = getattr(function, "__module__", None)
    name = getattr(function, "__qualname__", type(function).__qualname__)
    return f"{module}.{name}" if module else name


def _source_digest(function: Function) -> str | None:
    try:
        path = inspect.getsourcefile(function)
    except TypeError:  # an object that can be called, or a built-in function
        path = None
    if path is None or not Path(path).is_file():
        return None
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()


def _load(spec: str) -> CallbackProposer:
    """The function that a text names.

    Raises:
        UsageError: If the text has no such form, or names nothing that can be called.
    """
    place, colon, name = spec.rpartition(":")
    if not colon or not place or not name:
        raise UsageError(
            "The callback is no module:function.", "Write my_module:find or path/file.py:find.", spec
        )
    module = _load_file(Path(place)) if place.endswith(".py") else _import(place)
    function: Any = module
    for part in name.split("."):
        function = getattr(function, part, None)
    if not callable(function):
        state = "cannot be called" if function is not None else "does not exist"
        raise UsageError(f"Function {name!r} of the callback {state} in {place}.", "Check the name.", spec)
    return CallbackProposer(function, spec)


def _import(name: str) -> ModuleType:
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise UsageError(
            f"Module {name} of the callback cannot be imported: {error}.",
            "Install it, or name its file: path/file.py:function.",
        ) from None


def _load_file(path: Path) -> ModuleType:
    path = path.expanduser().resolve()
    if not path.is_file():
        raise UsageError(f"There is no file {path} for the callback.", "Check the name.")
    # A name of its own, so that a callback called json.py does not take the place of another module.
    name = f"lydite_callback_{hashlib.sha256(str(path).encode()).hexdigest()[:16]}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise UsageError(f"File {path} of the callback cannot be loaded.", "Give it the suffix .py.")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        del sys.modules[name]
        reason = f"{type(error).__name__}: {error}"
        raise UsageError(f"File {path} of the callback cannot be loaded: {reason}.", "Mend it.") from error
    return module


def build(settings: DetectSettings) -> Proposer:
    """The proposer that asks the function named in the settings.

    Raises:
        UsageError: If no function is named, or none is found under the name.
    """
    spec = settings.proposer.callback
    if spec is None:
        raise UsageError(
            "Proposer 'callback' needs a function.", "Name it with callback = 'my_module:find' (--callback)."
        )
    return _load(spec)
