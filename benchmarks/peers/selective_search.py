"""Selective search (fast mode) of opencv-contrib over pictures; run by ``benchmarks/recall.py``.

    python selective_search.py OUT.npz PICTURE...

Writes, for picture number k, its boxes ``boxes_k`` as ``x0 y0 x1 y1`` in the order in which they come, and
all ``seconds``: from decoded pixels to boxes.
"""

from __future__ import annotations

import sys
import time

import cv2
import numpy as np


def main() -> None:
    out, *pictures = sys.argv[1:]
    cv2.setNumThreads(1)
    found, seconds = {}, []
    for number, path in enumerate(pictures):
        pixels = cv2.imread(path, cv2.IMREAD_COLOR)
        cv2.setRNGSeed(number)
        start = time.perf_counter()
        search = cv2.ximgproc.segmentation.createSelectiveSearchSegmentation()
        search.setBaseImage(pixels)
        search.switchToSelectiveSearchFast()
        x, y, width, height = search.process().T
        seconds.append(time.perf_counter() - start)
        found[f"boxes_{number}"] = np.stack([x, y, x + width, y + height], axis=1).astype(np.float32)
    np.savez(out, seconds=np.array(seconds), **found)


if __name__ == "__main__":
    main()
