"""Vectors of whole pictures: every layer of an encoder in one pass over the pictures, kept on disk."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from encoders_rows.contenders import Contender
from lydite.data import atomic_path
from lydite.features import pool_image

Vectors = npt.NDArray[np.float32]
Pixels = npt.NDArray[np.uint8]


def picture_vectors(
    contender: Contender,
    names: Sequence[str],
    load: Callable[[str], Pixels],
    short_side: int,
    cache: Path | None,
) -> dict[str, Vectors]:
    """The vector of each picture, by layer.

    Args:
        contender: Who looks.
        names: One for each picture, distinct; with the space and the scale they are the key of the cache.
        load: From a name to ``(height, width, 3)`` uint8 RGB.
        short_side: Pixels of the short side at which the encoder looks.
        cache: Folder of ``.npz`` files; ``None`` keeps nothing.

    Returns:
        ``(len(names), dim)`` float32 unit vectors for each layer.
    """
    encoders = contender.at(short_side)
    digest = hashlib.sha256("\n".join(names).encode()).hexdigest()[:16]
    files = {
        layer: cache / f"{encoder.space.id}-{short_side}-{digest}.npz" if cache else None
        for layer, encoder in encoders.items()
    }
    found = {layer: np.load(file)["vectors"] for layer, file in files.items() if file and file.is_file()}
    missing = {layer: encoder for layer, encoder in encoders.items() if layer not in found}
    fresh: dict[str, list[Vectors]] = {layer: [] for layer in missing}
    for done, name in enumerate(names if missing else ()):
        pixels = load(name)
        for layer, encoder in missing.items():
            fresh[layer].append(pool_image(encoder.encode(pixels), name).vectors)
        tick(f"{contender.name} {done + 1}/{len(names)}")
    for layer, vectors in fresh.items():
        found[layer] = np.concatenate(vectors)
        file = files[layer]
        if file:
            file.parent.mkdir(parents=True, exist_ok=True)
            with atomic_path(file) as temporary:
                np.savez(temporary, vectors=found[layer])
    return {layer: found[layer] for layer in contender.layers}


def tick(text: str) -> None:
    """Show progress where somebody looks on."""
    if sys.stderr.isatty():
        print(f"\r{text:40}", end="", file=sys.stderr)
