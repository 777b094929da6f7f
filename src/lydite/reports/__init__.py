"""Typed results to pages that open offline."""

from lydite.reports.clean_pages import write_clean_pages
from lydite.reports.comparison_pages import write_comparison
from lydite.reports.diff_pages import write_diff
from lydite.reports.evaluation_pages import write_evaluation
from lydite.reports.run_pages import write_run_pages
from lydite.reports.training_pages import write_training
from lydite.reports.truth import Truth

__all__ = [
    "Truth",
    "write_clean_pages",
    "write_comparison",
    "write_diff",
    "write_evaluation",
    "write_run_pages",
    "write_training",
]
