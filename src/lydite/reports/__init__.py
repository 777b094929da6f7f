"""Typed results to pages that open offline."""

from lydite.reports.run_pages import write_run_pages
from lydite.reports.truth import TrueObjects, Truth

__all__ = ["TrueObjects", "Truth", "write_run_pages"]
