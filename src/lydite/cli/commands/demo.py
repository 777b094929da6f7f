"""``lydite demo``: the whole chain on pictures that it draws itself."""

from __future__ import annotations
