"""How does a command show that it works, what it found, and what it did?"""

from __future__ import annotations

import json
import os
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bars
from rich.table import Table

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from rich.progress import TaskID

    from gis.progress import Progress
    from gis.remarks import Report
    from gis.store.step import Step

__all__ = ["console", "keep_stdout", "progress_bars", "show_checks", "show_measures", "show_reports", "write_json"]

console = Console(highlight=False, width=None if sys.stdout.isatty() else 140)
_errors = Console(stderr=True)

READING = ("reading ", "checking ", "checked ")
SHOWN = ("error", "left_over", "mended")
"""Severities worth a line on the screen; notes are in the report file."""
ALWAYS_TOLD = frozenset({"time_was_up", "hard_barriers"})
"""Notes that are worth one all the same: what was asked for came to this."""


def keep_stdout() -> None:
    """Keep stdout for what a command says, for good: what a solver prints past Python goes to stderr from now on.

    HiGHS prints a line at times, whatever it is asked; it must not stand in the JSON of a pipe.
    """
    said = sys.stdout
    try:
        if said.fileno() != 1:
            return
        said.flush()
        kept = os.dup(1)
        os.dup2(2, 1)
    except OSError:  # stdout is no file, or stderr is closed
        return
    sys.stdout = os.fdopen(
        kept, "w", buffering=1 if os.isatty(kept) else -1, encoding=said.encoding, errors=said.errors
    )


@contextmanager
def progress_bars() -> Iterator[Progress]:
    """Give a callback that keeps one bar for each label, on stderr; reading files shares one, and so do named steps."""
    columns = (TextColumn("{task.description:<28}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Bars(*columns, console=_errors) as bars:
        tasks: dict[str, TaskID] = {}

        def tell(label: str, done: int, total: int) -> None:
            key = "reading" if label.startswith(READING) else label
            if key not in tasks:
                goes_on = bool(tasks and done)
                tasks[key] = [*tasks.values()][-1] if goes_on else bars.add_task(label, total=total or None)
            bars.update(tasks[key], description=label, completed=done, total=total or None)

        yield tell


def show_reports(reports: Sequence[Report]) -> None:
    """Print what each step counted, and how often each rule spoke."""
    table = Table("step", "counts", "told (rule: times)", title=None)
    for report in reports:
        severe = {remark.rule for remark in report.remarks if remark.severity in SHOWN}
        counts = ", ".join(f"{name} {_number(value)}" for name, value in report.counts.items())
        told = ", ".join(f"{rule}: {n}" for rule, n in report.tally().items() if rule in severe)
        table.add_row(report.title, counts, told)
    console.print(table)
    remarks = [remark for report in reports for remark in report.remarks]
    for remark in (r for r in remarks if r.severity == "left_over" and r.row is None):
        console.print(f"{remark.message}. {remark.remedy or ''}".rstrip(), markup=False)
    for remark in (r for r in remarks if r.rule in ALWAYS_TOLD):
        console.print(remark.message, markup=False)


def show_measures(measures: Mapping[str, Any]) -> None:
    """Print a plan's measures by their names."""
    from gis.measures.of_plans import PLAN_MEASURES  # noqa: PLC0415  # geometry libraries: only where there is something to show
    from gis.partition.proof_words import plan_words  # noqa: PLC0415

    table = Table("measure", "value", "unit")
    for key, known in PLAN_MEASURES.items():
        value = measures.get(key)
        if not isinstance(value, dict):
            percent = known.unit["en"] == "%"
            shown = "-" if value is None else f"{100 * value:.1f}" if percent else _number(value)
            table.add_row(known.label["en"], shown, known.unit["en"])
    console.print(table)
    for line in plan_words(measures).values():
        console.print(line)


def show_checks(step: Step) -> None:
    """Print the outcome of every check."""
    table = Table("check", "kind", "outcome", "")
    for check in step.checks:
        outcome = "passed" if check.passed else ("FAILED" if check.hard else f"{len(check.offenders)} told")
        text = "" if check.passed else check.message["en"]
        table.add_row(check.name, "hard" if check.hard else "soft", outcome, text[:160])
    console.print(table)


def write_json(path: Path, content: Mapping[str, Any]) -> None:
    """Write a report file."""
    from gis.store.copying import plain  # noqa: PLC0415

    path.write_text(json.dumps(plain(dict(content)), ensure_ascii=False, indent=2), encoding="utf-8")
    console.print(f"Report: {path}")


def _number(value: float) -> str:
    return f"{value:,.0f}" if float(value).is_integer() else f"{value:,.2f}"
