"""What a run was computed with, for whoever wants the same numbers again."""

from __future__ import annotations

import os
import platform
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from lydite import __version__

_PACKAGES = (
    "numpy",
    "scipy",
    "opencv-python-headless",
    "pillow",
    "onnxruntime",
    "torch",
    "torchvision",
    "timm",
)
_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


def describe_environment() -> dict[str, Any]:
    """Versions, machine and threads, as plain values; packages that are not installed are left out."""
    packages = {}
    for name in _PACKAGES:
        try:
            packages[name] = version(name)
        except PackageNotFoundError:
            continue
    return {
        "lydite": __version__,
        "python": platform.python_version(),
        "system": platform.platform(),
        "processor": platform.machine(),
        "cores": os.cpu_count(),
        "threads": {name: os.environ[name] for name in _THREADS if name in os.environ},
        "packages": packages,
    }
