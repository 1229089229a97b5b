"""How is a plan told to somebody who draws it, checks it or puts it in force?"""

from __future__ import annotations

from typing import Literal

__all__ = ["StepName"]

StepName = Literal["submit", "approve", "return", "discard", "publish", "withdraw"]
