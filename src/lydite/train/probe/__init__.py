"""The fast speed: heads on frozen features."""

from lydite.train.probe.heads import HEADS, FittedProbe, fit_probe, load_probe, save_probe
from lydite.train.probe.looks import Eye, Gaze, Looks, look_at
from lydite.train.probe.probing import HEAD, check_probe, judgements, run_probe

__all__ = [
    "HEAD",
    "HEADS",
    "Eye",
    "FittedProbe",
    "Gaze",
    "Looks",
    "check_probe",
    "fit_probe",
    "judgements",
    "load_probe",
    "look_at",
    "run_probe",
    "save_probe",
]
