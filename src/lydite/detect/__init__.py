"""Detection from exemplars: each candidate is judged against known examples, with the reason why."""

from lydite.detect.bank import Bank, SetAside, build_bank
from lydite.detect.config import DetectSettings, resolve
from lydite.detect.decide import DecisionSettings, Verdicts, decide
from lydite.detect.detector import Detection, Detector, Instance
from lydite.detect.diff import RunDiff, diff_runs
from lydite.detect.evaluate import evaluate_run, summarise_matching, true_objects
from lydite.detect.evaluation import Evaluation, choose_iou_type, evaluate_finished
from lydite.detect.evidence import Evidence, gather_evidence
from lydite.detect.exemplars import Exemplar, ExemplarSet, find_exemplars
from lydite.detect.explain import explain
from lydite.detect.finished import FinishedRun
from lydite.detect.run import RunFolder, finish, open_run, process
from lydite.detect.scoring import Scores, score
from lydite.detect.store import ImageRecord, Shelf
from lydite.detect.truth import RunTruth, TruthSource, read_truth

__all__ = [
    "Bank",
    "DecisionSettings",
    "DetectSettings",
    "Detection",
    "Detector",
    "Evaluation",
    "Evidence",
    "Exemplar",
    "ExemplarSet",
    "FinishedRun",
    "ImageRecord",
    "Instance",
    "RunDiff",
    "RunFolder",
    "RunTruth",
    "Scores",
    "SetAside",
    "Shelf",
    "TruthSource",
    "Verdicts",
    "build_bank",
    "choose_iou_type",
    "decide",
    "diff_runs",
    "evaluate_finished",
    "evaluate_run",
    "explain",
    "find_exemplars",
    "finish",
    "gather_evidence",
    "open_run",
    "process",
    "read_truth",
    "resolve",
    "score",
    "summarise_matching",
    "true_objects",
]
