"""Detection from exemplars: each candidate is judged against known examples, with the reason why."""

from lydite.detect.accepted import Found, read_accepted
from lydite.detect.annotated import find_examples
from lydite.detect.annotated_negatives import find_annotated_negatives
from lydite.detect.bank import Bank, build_bank
from lydite.detect.bank_file import BankFile, changed_sources, load_bank, save_bank
from lydite.detect.bank_make import make_bank
from lydite.detect.begin import open_run
from lydite.detect.calibrate import Calibration, ClassCalibration, calibrate
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
from lydite.detect.kept import with_kept_thresholds
from lydite.detect.negatives import SetAside
from lydite.detect.recalibrate import calibrate_from_run, rehearse_run
from lydite.detect.records import RecordFile, Records
from lydite.detect.redecide import open_redecided, redecide
from lydite.detect.rehearsal import Ranked, Rehearsal
from lydite.detect.rehearse import Searcher, rehearse, survey
from lydite.detect.run import assemble, finish, process
from lydite.detect.run_folder import RunFolder
from lydite.detect.scoring import Scores, score
from lydite.detect.single import parse_example
from lydite.detect.store import ImageRecord, Shelf
from lydite.detect.supervision import to_supervision
from lydite.detect.truth import RunTruth, TruthSource, read_truth

__all__ = [
    "Bank",
    "BankFile",
    "Calibration",
    "ClassCalibration",
    "DecisionSettings",
    "DetectSettings",
    "Detection",
    "Detector",
    "Evaluation",
    "Evidence",
    "Exemplar",
    "ExemplarSet",
    "FinishedRun",
    "Found",
    "ImageRecord",
    "Instance",
    "Ranked",
    "RecordFile",
    "Records",
    "Rehearsal",
    "RunDiff",
    "RunFolder",
    "RunTruth",
    "Scores",
    "Searcher",
    "SetAside",
    "Shelf",
    "TruthSource",
    "Verdicts",
    "assemble",
    "build_bank",
    "calibrate",
    "calibrate_from_run",
    "changed_sources",
    "choose_iou_type",
    "decide",
    "diff_runs",
    "evaluate_finished",
    "evaluate_run",
    "explain",
    "find_annotated_negatives",
    "find_examples",
    "find_exemplars",
    "finish",
    "gather_evidence",
    "load_bank",
    "make_bank",
    "open_redecided",
    "open_run",
    "parse_example",
    "process",
    "read_accepted",
    "read_truth",
    "redecide",
    "rehearse",
    "rehearse_run",
    "resolve",
    "save_bank",
    "score",
    "summarise_matching",
    "survey",
    "to_supervision",
    "true_objects",
    "with_kept_thresholds",
]
