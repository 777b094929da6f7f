"""Findings to policy: what is wrong with a pile of pictures, and what is done about it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lydite.core.lazy import lazy_names

if TYPE_CHECKING:
    from lydite.clean.apply import VARIANTS, cleaned_version, summarise, write_decisions
    from lydite.clean.checks import CHECKS, NAMES, UNDECODABLE, Check, Column, Needs, Worse
    from lydite.clean.decisions import Decision, decide
    from lydite.clean.findings import find_findings
    from lydite.clean.pile import Pile
    from lydite.clean.policy import AGGRESSIVE, POLICIES, STRICT, Policy, Rule, load_policy
    from lydite.clean.scan import Scan
    from lydite.clean.semantics import Suspicion, suspect_labels
    from lydite.clean.settings import ScanSettings
    from lydite.clean.store import FinishedScan
    from lydite.clean.twins import Pairs, find_pairs
    from lydite.clean.view import View
else:
    __getattr__ = lazy_names(
        __name__,
        apply="VARIANTS cleaned_version summarise write_decisions",
        checks="CHECKS NAMES UNDECODABLE Check Column Needs Worse",
        decisions="Decision decide",
        findings="find_findings",
        pile="Pile",
        policy="AGGRESSIVE POLICIES STRICT Policy Rule load_policy",
        scan="Scan",
        semantics="Suspicion suspect_labels",
        settings="ScanSettings",
        store="FinishedScan",
        twins="Pairs find_pairs",
        view="View",
    )

__all__ = [
    "AGGRESSIVE",
    "CHECKS",
    "NAMES",
    "POLICIES",
    "STRICT",
    "UNDECODABLE",
    "VARIANTS",
    "Check",
    "Column",
    "Decision",
    "FinishedScan",
    "Needs",
    "Pairs",
    "Pile",
    "Policy",
    "Rule",
    "Scan",
    "ScanSettings",
    "Suspicion",
    "View",
    "Worse",
    "cleaned_version",
    "decide",
    "find_findings",
    "find_pairs",
    "load_policy",
    "summarise",
    "suspect_labels",
    "write_decisions",
]
