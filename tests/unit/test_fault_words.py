"""Does every fault that has Chinese words still say what they were written for?"""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from gis.fault_words import WORDS, in_chinese

ROOT = Path(__file__).resolve().parents[2]


def text_of(node):
    """A string of the source, with {} for what is filled in; None for anything else."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return re.sub(r"\{\w+\}", "{}", node.value)
    if isinstance(node, ast.JoinedStr):
        return "".join(v.value if isinstance(v, ast.Constant) else "{}" for v in node.values)
    return None


def _is(text, shape):
    """Whether a shape is a text of the program, or begins with one and goes on with what is filled in."""
    return text.startswith(shape) or (shape.endswith(" {}") and text.strip() == shape.removesuffix(" {}"))


@pytest.fixture(scope="module")
def said():
    """All strings of the program but those of the words themselves."""
    files = [p for room in ("gis", "api", "layers") for p in (ROOT / room).rglob("*.py") if p.name != "fault_words.py"]
    nodes = (node for file in files for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))))
    return {text for node in nodes if (text := text_of(node))}


def test_every_english_text_is_raised_somewhere(said):
    wanted = {english: re.sub(r"\{\w+\}", "{}", english) for english in WORDS}
    lost = [english for english, shape in wanted.items() if not any(_is(text, shape) for text in said)]
    assert lost == [], "reworded: give the Chinese words again"


def test_what_is_filled_in_stays(said):
    assert in_chinese("Plan 3 is at edit 5, you know edit 4: somebody was first.") == (
        "方案 3 在此期间已被修改（现为第 5 次修改，您看到的是第 4 次）。"
    )
    for english, chinese in WORDS.items():
        assert set(re.findall(r"\{(\w+)\}", chinese)) <= set(re.findall(r"\{(\w+)\}", english)), english
        assert in_chinese(re.sub(r"\{\w+\}", "7", english)), english
