"""Which step may a plan take, who may take it, and what must hold first?

Until there is sign-in a person is a name chosen from a list. The rules compare `Actor`s and do not ask where they come
from, so that proved identity takes the same road.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from gis.errors import ConflictError, InputError

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Mapping

__all__ = [
    "TRANSITIONS",
    "Actor",
    "Gate",
    "Life",
    "Status",
    "Transition",
    "next_steps",
    "read_name",
    "require_draft",
    "state_of",
    "take",
]

Status = Literal["draft", "submitted", "approved", "published", "discarded"]
"""What is stored of a plan; whether a published one is in force is a question of time, see `state_of`."""

Gate = Literal["none", "checks", "time"]
"""What must hold besides: hard checks and the base, or that the effective time has not come."""

NAME_LENGTH = 100


@dataclass(frozen=True)
class Actor:
    """Who acts.

    Parameters
    ----------
    name : str
    verified : bool
        Whether the person has proved to be that; never, until there is sign-in.
    """

    name: str
    verified: bool = False

    def is_same_as(self, other: Actor) -> bool:
        """Whether both are one person: width, case and blanks of a name make nobody another."""
        return _folded(self.name) == _folded(other.name)


def _folded(name: str) -> str:
    return "".join(unicodedata.normalize("NFKC", name).casefold().split())


def read_name(text: str | None) -> str:
    """Give the name as it is kept: composed letters, single blanks.

    Raises
    ------
    InputError
        Nobody is named, or the name is too long or holds signs that cannot be seen.
    """
    name = " ".join(unicodedata.normalize("NFC", text or "").split())
    if not name:
        raise InputError(
            "Nobody is named who does this.",
            "Choose a person: --as NAME on the command line, the header X-Gridkeeper-Person over HTTP.",
        )
    if len(name) > NAME_LENGTH or not name.isprintable():
        raise InputError(f"{name[:NAME_LENGTH]!r} is no name.", f"Use at most {NAME_LENGTH} letters that can be seen.")
    return name


@dataclass(frozen=True)
class Life:
    """What is known of a plan's life.

    Parameters
    ----------
    id : int
    status : Status
    submitted_by : Actor, optional
        Of the last submission.
    effective : datetime, optional
        Of its publication.
    replaced : bool
        Whether later publications that have taken effect replaced it in every community of its scope.
    """

    id: int
    status: Status
    submitted_by: Actor | None = None
    effective: dt.datetime | None = None
    replaced: bool = False


def _anybody(_life: Life, _actor: Actor) -> str | None:
    return None


def _another(life: Life, actor: Actor) -> str | None:
    """Four eyes: who submitted may not approve."""
    if life.submitted_by is not None and life.submitted_by.is_same_as(actor):
        return f"{actor.name} submitted plan {life.id}: another person must approve it."
    return None


@dataclass(frozen=True)
class Transition:
    """A step that a plan may take.

    Parameters
    ----------
    name : str
    sources : tuple of Status
    target : Status
    label : mapping
        ``zh`` and ``en``.
    who : callable
        Says why this person may not, or None.
    gate : Gate
    reason : bool
        Whether a reason must be given.
    """

    name: str
    sources: tuple[Status, ...]
    target: Status
    label: Mapping[str, str]
    who: Callable[[Life, Actor], str | None] = field(default=_anybody, repr=False)
    gate: Gate = "none"
    reason: bool = False


TRANSITIONS: dict[str, Transition] = {
    t.name: t
    for t in (
        Transition("submit", ("draft",), "submitted", {"zh": "提交", "en": "Submit"}, gate="checks"),
        Transition("approve", ("submitted",), "approved", {"zh": "审批通过", "en": "Approve"}, _another),
        Transition("return", ("submitted", "approved"), "draft", {"zh": "退回", "en": "Return"}, reason=True),
        Transition("publish", ("approved",), "published", {"zh": "发布", "en": "Publish"}, gate="checks"),
        Transition("withdraw", ("published",), "approved", {"zh": "撤回", "en": "Withdraw"}, gate="time"),
        Transition("discard", ("draft", "submitted", "approved"), "discarded", {"zh": "作废", "en": "Discard"}),
    )
}
"""Every step by name, in the order of a plan's life."""

WAYS_ON = {
    "in_force": "Change what is in force with another plan (gridkeeper plan open), or go back to an earlier version "
    "(gridkeeper plan rollback).",
    "closed": "Other grids are in force by now: change them with another plan (gridkeeper plan open), or bring these "
    "back (gridkeeper plan rollback).",
    "discarded": "It was put aside for good: begin another one (gridkeeper plan open).",
}
"""What to do with a plan that no step is open to, by its state."""


def take(name: str, life: Life, actor: Actor, now: dt.datetime, reason: str | None = None) -> Transition:
    """Give the step called `name` where this plan may take it now and this person may let it.

    The gate ``checks`` is the caller's to see to, since it needs the plan itself.

    Raises
    ------
    ConflictError
        The plan is not in a state for it, it is in force already, or the person may not.
    InputError
        A reason is missing.
    """
    step = TRANSITIONS[name]
    if life.status not in step.sources:
        state = state_of(life, now)
        raise ConflictError(
            f"Plan {life.id} is {state.replace('_', ' ')}: the step {name!r} is not open to it.",
            f"Open to it are: {', '.join(steps)}." if (steps := next_steps(life, now)) else WAYS_ON[state],
        )
    if step.gate == "time" and life.effective is not None and life.effective <= now:
        raise ConflictError(
            f"Plan {life.id} is in force since {life.effective:%Y-%m-%d %H:%M %Z}: it cannot be withdrawn.",
            WAYS_ON["in_force"],
        )
    fault = step.who(life, actor)
    if fault:
        raise ConflictError(fault, "Choose another person and try again.")
    if step.reason and not (reason or "").strip():
        raise InputError(f"The step {name!r} needs a reason.", "Say in a sentence what is to be mended.")
    return step


def next_steps(life: Life, now: dt.datetime) -> list[str]:
    """Name the steps that a plan's state allows."""
    due = life.effective is not None and life.effective <= now
    return [t.name for t in TRANSITIONS.values() if life.status in t.sources and not (t.gate == "time" and due)]


def require_draft(life: Life) -> None:
    """Refuse to edit what is no draft.

    Raises
    ------
    ConflictError
    """
    if life.status != "draft":
        raise ConflictError(
            f"Plan {life.id} is {life.status}, not a draft: it is not edited.",
            "Return it to be mended, or open a new draft.",
        )


def state_of(life: Life, now: dt.datetime) -> str:
    """Say where a plan stands at a moment: its status, or ``in_force`` and ``closed`` once it has taken effect."""
    if life.status != "published" or life.effective is None or life.effective > now:
        return life.status
    return "closed" if life.replaced else "in_force"
