"""Encoders side by side: classes, attributes, detection, dense maps, speed; each against a reference.

    python benchmarks/encoders.py [--encoder embedded teacher ...] [--reference teacher]
        [--rows grocery hardhat bccd nuclei propagate speed] [--layers last ...] [--splits 5] [--draws 5]
        [--limit N] [--cache FOLDER] [--markdown FILE]

An encoder is ``embedded`` (this package's), ``teacher`` (MobileNetV2 with the measuring weights) or any
name of timm, ``name=checkpoint`` for local weights; all look at one scale. A network of timm is measured at
its last map and at every stage from stride 8 on, and for each line of the table every encoder takes the
layer that does best on that very line (probes: in the first split; else by the number itself). That favours
whoever has several layers, here the reference: a verdict on the embedded encoder errs against it.

grocery       2,936 pictures at short side 224, linear probe and 1-NN. Split at random, shots of one shelf
              fall on both sides: values are high and differences small, for a shelf is easily known again.
              From train to val no shelf is shared: the harder and the more telling question.
hardhat       crops of heads at short side 128, helmet or not, split by picture. Linear probe.
bccd, nuclei  AP50 and F1 at the best single threshold. Same proposals for all, several draws of exemplars;
              scores, rank and suppression are the product's, and no score is too low.
propagate     nuclei: foreground cells of one picture carried to another by nearest neighbour, IoU in pixels.
speed         the networks alone on ONNX Runtime, 224 x 224 pixels, against MobileNetV2 with plain padding.

Differences are in points, with the 95 % interval of a paired bootstrap over pictures, as if no two showed
the same thing. Splits and draws stay as they are, so it says nothing about other draws of exemplars.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Callable, Iterator, Sequence
from importlib.metadata import version
from pathlib import Path
from time import perf_counter

from detect import SHARED
from encoders_rows.compare import Outcome, table_rows
from encoders_rows.contenders import Contender, build_contender
from encoders_rows.contests import bccd, nuclei
from encoders_rows.detection import detection
from encoders_rows.probes import grocery, hardhat
from encoders_rows.propagation import propagation
from encoders_rows.speed import speed_rows
from lydite import __version__

HEADER = ("measure", "encoder", "layer", "value", "difference, points", "verdict")
PACKAGES = ("numpy", "torch", "timm", "onnxruntime", "scikit-learn", "pycocotools")
Lines = Iterator[tuple[str, list[Outcome]]]
Row = Callable[[Sequence[Contender], argparse.Namespace], Lines]

DATA = SHARED / "data"
ROWS: dict[str, Row] = {
    "grocery": lambda them, o: grocery(them, DATA / "grocery", o.splits, o.limit, o.cache),
    "hardhat": lambda them, o: hardhat(
        them, DATA / "hardhat", o.splits, min(o.hardhat, o.limit or o.hardhat), o.cache
    ),
    "bccd": lambda them, o: detection(them, bccd(DATA / "bccd", o.draws, o.limit)),
    "nuclei": lambda them, o: detection(them, nuclei(DATA / "nuclei", o.draws, o.limit)),
    "propagate": lambda them, o: propagation(them, DATA / "nuclei", o.sources, o.limit),
}
SPEED = "speed"


def measured(
    row: str, contenders: Sequence[Contender], options: argparse.Namespace
) -> Iterator[tuple[str, ...]]:
    """The lines of one row, as they become known."""
    if row == SPEED:
        with tempfile.TemporaryDirectory() as folder:
            yield from speed_rows(contenders, options.threads, Path(folder))
        return
    for measure, outcomes in ROWS[row](contenders, options):
        yield from table_rows(measure, outcomes, options.reference, options.resamples)


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--encoder", nargs="+", default=["embedded", "teacher"])
    parser.add_argument("--reference", default="teacher", help="one of the encoders")
    parser.add_argument("--rows", nargs="+", choices=[*ROWS, SPEED], default=[*ROWS, SPEED])
    parser.add_argument("--layers", nargs="+", help="of the layers of timm's networks only these")
    parser.add_argument("--splits", type=int, default=5, help="of grocery and hardhat")
    parser.add_argument("--draws", type=int, default=5, help="of exemplars")
    parser.add_argument("--sources", type=int, default=12, help="pictures that labels are carried from")
    parser.add_argument("--hardhat", type=int, default=700, help="pictures that crops are taken from")
    parser.add_argument("--resamples", type=int, default=2000)
    parser.add_argument("--threads", type=int, default=2, help="of ONNX Runtime")
    parser.add_argument("--limit", type=int, help="at most so many pictures in each row, to try things out")
    parser.add_argument("--cache", type=Path, help="folder that keeps the vectors of grocery and hardhat")
    parser.add_argument("--markdown", type=Path, help="file to write the table to")
    options = parser.parse_args()
    names = [text.partition("=")[0] for text in options.encoder]
    if options.reference not in names or len(set(names)) < len(names):
        parser.error(f"--encoder needs distinct names, --reference {options.reference} among them: {names}")
    return options


def main() -> None:
    options = parse()
    versions = ", ".join(f"{package} {version(package)}" for package in PACKAGES)
    title = f"lydite {__version__}, {versions}"
    print(title)
    contenders = [build_contender(text, options.layers) for text in options.encoder]
    table = []
    for row in options.rows:
        start = perf_counter()
        for line in measured(row, contenders, options):
            table.append(line)
            measure, encoder, layer, value, gap, words = line
            print(f"{measure:35} {encoder:16} {layer:9} {value:>13}  {gap:22} {words}".rstrip(), flush=True)
        print(f"{row}: {perf_counter() - start:.0f} s", flush=True)
    if options.markdown:
        cells = [HEADER, ("---",) * len(HEADER), *table]
        body = "".join(f"| {' | '.join(row)} |\n" for row in cells)
        options.markdown.write_text(f"{title}\n\n{body}", encoding="utf-8")


if __name__ == "__main__":
    main()
