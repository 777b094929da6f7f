"""People decide: verdicts in a journal, queues, the page, and what follows from them."""

from lydite.review.agreement import Agreement, agreements
from lydite.review.beliefs import Beliefs, no_beliefs, read_beliefs
from lydite.review.desk import Desk, Receipt, Summary
from lydite.review.estimate import Left, errors_left
from lydite.review.exchange import export_acts, read_acts
from lydite.review.findings import Reason, Reasons, read_findings
from lydite.review.fold import Decision, Entry, Fold, Standing, State, Word, fold
from lydite.review.journal import Journal, open_journal
from lydite.review.pile import Pile, Shapes, pile_of_folder, pile_of_version
from lydite.review.queues import Queue, build_queues
from lydite.review.settings import ReviewSettings

__all__ = [
    "Agreement",
    "Beliefs",
    "Decision",
    "Desk",
    "Entry",
    "Fold",
    "Journal",
    "Left",
    "Pile",
    "Queue",
    "Reason",
    "Reasons",
    "Receipt",
    "ReviewSettings",
    "Shapes",
    "Standing",
    "State",
    "Summary",
    "Word",
    "agreements",
    "build_queues",
    "errors_left",
    "export_acts",
    "fold",
    "no_beliefs",
    "open_journal",
    "pile_of_folder",
    "pile_of_version",
    "read_acts",
    "read_beliefs",
    "read_findings",
]
