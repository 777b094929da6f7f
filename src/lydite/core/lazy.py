"""Names of a package that are imported when they are first asked for: starting costs only what is used."""

from __future__ import annotations

import sys
from collections.abc import Callable
from importlib import import_module
from typing import Any


def lazy_names(package: str, **modules: str) -> Callable[[str], Any]:
    """The ``__getattr__`` of a package (PEP 562).

    Args:
        package: Its name.
        modules: Module below it -> the names that the package gives from there, with spaces between. None may
            be called like a module of the package: importing that module would bind the name to it.
    """
    origin = {name: module for module, names in modules.items() for name in names.split()}

    def get(name: str) -> Any:
        if name not in origin:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        found = getattr(import_module(f"{package}.{origin[name]}"), name)
        setattr(sys.modules[package], name, found)
        return found

    return get
