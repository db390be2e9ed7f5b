"""Tests of the house's words: docstrings name the thing or give an order, and no text is mannered or says picture."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
CODE = ("pipeline_tasks", "plugins", "dags", "demo", "local_stack", "benchmarks", "tests", "docs")
FILES = sorted(path for name in CODE for path in (ROOT / name).rglob("*.py"))
PROSE = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "docker").rglob("*.md")])
OPENERS = re.compile(r"(What|Whatever|Whether|Who|Whoever|Whose|Where|When|Which|Why|How|That)\b")
PERSISTED = re.compile(
    r"""["'`$/]pictures?\b|\bpictures(\.dvc|/)|path: pictures|\bparity_pictures\b|What does the picture show\?"""
)
"""Words of persisted forms, which never change: the ONNX input, Label Studio's form, DVC's folder, old fields, a default."""
VAGUE = re.compile(r"answer|(^|_)facts?($|_)|(^|_)voices?($|_)", re.IGNORECASE)
"""Words with several meanings: say annotation, prediction, response, inputs, vote."""
PERSISTED_NAMES = {"answered", "tasks_unanswered"}
"""Fields of records, which keep their names in the ledger."""
MANNERED = (
    "mean or no mean",
    "nobody needs",
    "nobody was asked",
    "what nobody",
    "spoke loudest",
    "broken off, it",
    "who comes second",
    "is no image for us",
    "an images",
    "a image",
    "the image of an image",
    "are alike to",
    "stands beside its door",
    "let go of",
    "lets go of",
    "whoever started",
    "what people do not",
    "there and not ours",
    "was broken off",
    "which it goes on",
    "goes on without it",
    "had back",
    "where it likes",
    "whose lower bound",
    "what choosing",
    "what a label is worth",
    "what the rooms",
    "answers of their own",
    "told to nobody",
    "told nobody",
    "as nobody denies",
    "mean nothing and",
    "says of itself",
    "knows no such",
    "going without saying",
    "go without saying",
    "from seen to",
    "shows the same thing twice",
    "that shows the same as",
)
"""Phrases that read as poetry, or wrong after a renaming."""


def test_docstrings__begin_with_the_thing_or_an_order() -> None:
    found = {
        f"{path.relative_to(ROOT)}:{line}": text[:60] for path in FILES for line, text in _docstrings(path) if OPENERS.match(text)
    }
    assert not found, f"begin with what it is or does ('Rows of …', 'Read …'): {found}"


def test_text__says_image_and_picture_only_in_persisted_forms() -> None:
    found = {
        f"{path.relative_to(ROOT)}:{number}": line.strip()
        for path in [*FILES, *PROSE]
        if path.name not in ("test_words.py", "how-code-reads.md", "glossary.md", "CHANGELOG.md")
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if "picture" in PERSISTED.sub("", line).lower()
    }
    assert not found, f"say image: {found}"


def test_text__has_no_mannered_phrases() -> None:
    found = {
        f"{path.relative_to(ROOT)}:{number}": phrase
        for path in [*FILES, *PROSE]
        if path.name not in ("test_words.py", "CHANGELOG.md")
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        for phrase in MANNERED
        if re.search(rf"\b{re.escape(phrase)}\b", line.lower())
    }
    assert not found, f"say it plainly: {found}"


def test_names__say_annotation_prediction_or_response() -> None:
    found = {
        f"{path.relative_to(ROOT)}: {name}"
        for path in FILES
        if path.is_relative_to(ROOT / "pipeline_tasks") or path.is_relative_to(ROOT / "plugins")
        for name in _names(path)
        if VAGUE.search(name) and name not in PERSISTED_NAMES
    }
    assert not found, f"choose the glossary's word: {sorted(found)}"


def _names(path: Path) -> set[str]:
    """Names that a module defines: functions, classes, arguments, variables."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            found.add(node.name)
        elif isinstance(node, ast.arg):
            found.add(node.arg)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            found.add(node.id)
    return found


def _docstrings(path: Path) -> Iterator[tuple[int, str]]:
    """Line and text of the docstrings of the module, its classes, functions and attributes."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            yield node.lineno, node.value.value.strip()
