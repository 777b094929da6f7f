"""How laws are tested: without deadlines, and with the same examples everywhere that must be green."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

settings.register_profile(
    "house",
    deadline=None,
    derandomize=os.environ.get("LYDITE_REQUIRE_ALL") == "1",
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("house")
