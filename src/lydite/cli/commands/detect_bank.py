"""``lydite detect bank``: examples looked at once, kept in a file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from lydite.cli.options import with_settings
from lydite.cli.reviewed import JournalOption, ReviewedOption, gather_examples, read_all_reviewed
from lydite.cli.screen import err, out
from lydite.detect import ExemplarSet, make_bank, save_bank
from lydite.detect.bank import Bank
from lydite.detect.bank_file import MADE_BY
from lydite.detect.config import GROUPS, resolve
from lydite.features import build_encoder

OPTIONS = {name: GROUPS[name] for name in ("encoder", "bank", "scoring", "limits")}


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("bank", no_args_is_help=True)(bank)


@with_settings(OPTIONS, only=(*MADE_BY, *GROUPS["limits"].model_fields))
def bank(
    positive: Annotated[
        Path, typer.Argument(help="examples of what to find: a sub-folder a class, or pictures of one class")
    ],
    out_file: Annotated[Path, typer.Option("--out", help="the new file")],
    given: dict[str, Any],
    negative: Annotated[Path | None, typer.Option(help="examples of what must not be found")] = None,
    reviewed: ReviewedOption = None,
    journal: JournalOption = None,
    config: Annotated[Path | None, typer.Option(help="TOML file of settings")] = None,
) -> None:
    """Look at the examples and keep them in one file, for runs with --bank.

    The file holds vectors, names and digests, no pictures; it says by which encoder and settings it was made.

    Example: lydite detect bank examples/ --negative other/ --out fruit.bank
    """
    settings = resolve("strict", config, given)
    known = gather_examples(positive, negative, (), read_all_reviewed(reviewed or (), journal))
    report_problems(known)
    made = make_bank(known, build_encoder(settings.encoder), settings)
    report_examples(made)
    save_bank(out_file, made, settings)
    negatives = "" if made.negatives is None else f" and {len(made.negatives)} negatives"
    out.print(
        f"{len(made.positives)} examples of {len(made.class_map)} classes{negatives}: {out_file}",
        markup=False,
    )


def report_problems(known: ExemplarSet) -> None:
    """What was left out of folders and annotations, by name."""
    for problem in known.problems:
        err.print(problem, markup=False)


def report_examples(made: Bank) -> None:
    """What was left out of a bank, by name."""
    for problem in made.problems:
        err.print(f"exemplar left out: {problem}", markup=False)
    for aside in made.set_aside:
        err.print(
            f"negative set aside: {aside.name} resembles {aside.positive} (cosine {aside.cosine:.2f})",
            markup=False,
        )
