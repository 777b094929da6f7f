"""Detection from exemplars: each candidate is judged against known examples, with the reason why."""

from lydite.detect.bank import Bank, SetAside, build_bank
from lydite.detect.config import DetectSettings, resolve
from lydite.detect.decide import DecisionSettings, Verdicts, decide
from lydite.detect.detector import Detection, Detector, Instance
from lydite.detect.evaluate import evaluate_run, summarise_matching, true_objects
from lydite.detect.evidence import Evidence, gather_evidence
from lydite.detect.exemplars import Exemplar, ExemplarSet, find_exemplars
from lydite.detect.explain import explain
from lydite.detect.finished import FinishedRun, Found
from lydite.detect.run import RunFolder, finish, open_run, process
from lydite.detect.scoring import Scores, score
from lydite.detect.store import ImageRecord, Shelf
from lydite.detect.supervision import to_supervision

__all__ = [
    "Bank",
    "DecisionSettings",
    "DetectSettings",
    "Detection",
    "Detector",
    "Evidence",
    "Exemplar",
    "ExemplarSet",
    "FinishedRun",
    "Found",
    "ImageRecord",
    "Instance",
    "RunFolder",
    "Scores",
    "SetAside",
    "Shelf",
    "Verdicts",
    "build_bank",
    "decide",
    "evaluate_run",
    "explain",
    "find_exemplars",
    "finish",
    "gather_evidence",
    "open_run",
    "process",
    "resolve",
    "score",
    "summarise_matching",
    "to_supervision",
    "true_objects",
]
