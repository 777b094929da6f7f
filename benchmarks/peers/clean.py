"""What CleanVision and cleanlab find, for benchmarks/clean.py; runs without Lydite."""

from __future__ import annotations

import json
import resource
import sys
import time
from importlib.metadata import version
from pathlib import Path


def main() -> None:
    which, asked, answer = sys.argv[1:]
    question = json.loads(Path(asked).read_text())
    told = (by_cleanvision if which == "vision" else by_cleanlab)(question["files"], question["number"])
    Path(answer).write_text(json.dumps(told))


def by_cleanvision(files: list[str], processes: int) -> dict:
    from cleanvision import Imagelab

    start, before = time.perf_counter(), used()
    lab = Imagelab(filepaths=files)
    lab.find_issues(n_jobs=processes, verbose=False)
    seconds, cpu = time.perf_counter() - start, used() - before
    return {
        "version": version("cleanvision"),
        "seconds": seconds,
        "cpu_seconds": cpu,
        "exact": lab.info["exact_duplicates"]["sets"],
        "near": lab.info["near_duplicates"]["sets"],
    }


def used() -> float:
    """Seconds of processors, of this process and of those that it waited for."""
    each = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(spent.ru_utime + spent.ru_stime for spent in each)


def by_cleanlab(files: list[str], reviews: int) -> dict:
    import numpy as np

    found: dict[str, list[int]] = {}
    seconds = 0.0
    for file in files:
        data = np.load(file)
        given, wrong = data["given"], data["given"] != data["truth"]
        heads = {name: data[name].astype(float) for name in data.files if name in {"ridge", "logistic"}}
        start = time.perf_counter()
        for mode, order in orders(given, heads, data["vectors"]):
            found.setdefault(mode, []).append(int(wrong.sum() - wrong[order[:reviews]].sum()))
        seconds += time.perf_counter() - start
    return {"version": version("cleanlab"), "seconds": seconds, "missed": found}


def orders(given, heads, vectors):  # noqa: ANN001, ANN201 - numpy is imported by the caller
    """Every mode of cleanlab as an order of review; what a filter leaves out follows by self-confidence."""
    import numpy as np
    from cleanlab.filter import find_label_issues
    from cleanlab.rank import get_label_quality_ensemble_scores, get_label_quality_scores
    from sklearn.neighbors import KNeighborsClassifier

    filters = (
        "prune_by_noise_rate",
        "prune_by_class",
        "both",
        "confident_learning",
        "predicted_neq_given",
        "low_normalized_margin",
        "low_self_confidence",
    )
    heads = {name: shares / shares.sum(axis=1, keepdims=True) for name, shares in heads.items()}
    # Neighbours out of sample, from the same vectors: what a user of cleanlab could add to an ensemble.
    near = KNeighborsClassifier(10, weights="distance", metric="cosine").fit(vectors, given)
    distances, rows = near.kneighbors(vectors, 11)
    weights = np.exp(-distances[:, 1:] / 0.05)
    votes = np.zeros_like(next(iter(heads.values())))
    for place in range(10):
        np.add.at(votes, (np.arange(len(given)), given[rows[:, place + 1]]), weights[:, place])
    votes /= votes.sum(axis=1, keepdims=True)
    for head, shares in {**heads, "neighbours": votes}.items():
        by_confidence = get_label_quality_scores(given, shares)
        for method in ("self_confidence", "normalized_margin", "confidence_weighted_entropy"):
            for adjusted in (False, True):
                if adjusted and method == "confidence_weighted_entropy":
                    continue
                scores = get_label_quality_scores(given, shares, method=method, adjust_pred_probs=adjusted)
                yield f"{head} {method}{' adjusted' if adjusted else ''}", np.argsort(scores, kind="stable")
        for chosen in filters:
            for ranked in ("self_confidence", "normalized_margin"):
                first = find_label_issues(given, shares, filter_by=chosen, return_indices_ranked_by=ranked)
                rest = np.setdiff1d(np.arange(len(given)), first)
                rest = rest[np.argsort(by_confidence[rest], kind="stable")]
                yield f"{head} {chosen} by {ranked}", np.concatenate([first, rest])
    together = [*heads.values(), votes]
    scores = get_label_quality_ensemble_scores(given, together, verbose=False)
    yield f"ensemble of {' and '.join((*heads, 'neighbours'))}", np.argsort(scores, kind="stable")


if __name__ == "__main__":
    main()
