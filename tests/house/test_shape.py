"""Tests of the project's shape: stages have one name everywhere, files are small, links lead to files."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline_tasks.process import STAGES
from pipeline_tasks.tables.catalog import ALL_TABLES
from pipeline_tasks.tables.table import Table

ROOT = Path(__file__).parents[2]
SOURCES = [
    path for room in ("pipeline_tasks", "plugins", "dags", "local_stack", "demo") for path in sorted((ROOT / room).rglob("*.py"))
]

STATEMENTS_OF_A_SHORT_FUNCTION = 8


def functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def undocumented(node: ast.AST, *, is_nested: bool = False) -> list[str]:
    """Functions without a docstring that need one: all but private ones, overloads, and short nested ones of two or more words."""
    names = []
    for child in ast.iter_child_nodes(node):
        is_function = isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef)
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef) and not ast.get_docstring(child):
            is_short = (
                len({one.lineno for one in ast.walk(child) if isinstance(one, ast.stmt)}) - 1 <= STATEMENTS_OF_A_SHORT_FUNCTION
            )
            is_overload = any(isinstance(one, ast.Name) and one.id == "overload" for one in child.decorator_list)
            says_enough = is_nested and "_" in child.name and is_short
            names += [] if child.name.startswith("_") or is_overload or says_enough else [child.name]
        names += undocumented(child, is_nested=is_nested or is_function)
    return names


def test_stages__have_a_module_a_function_and_a_test_of_the_same_name() -> None:
    modules = {path.stem for path in (ROOT / "pipeline_tasks/stages").rglob("*.py")} - {"__init__"}

    assert modules == set(STAGES)
    for stage in STAGES.values():
        assert stage.name in [one.name for one in functions(ROOT / f"{stage.module.replace('.', '/')}.py")]
        assert (ROOT / f"tests/stages/{stage.group}/test_{stage.name}.py").exists()


def test_catalog__lists_every_table() -> None:
    assert set(ALL_TABLES) == set(Table.__subclasses__())
    assert len({table.table_name for table in ALL_TABLES}) == len(ALL_TABLES)


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_source__is_small_and_has_a_docstring(path: Path) -> None:
    lines = [line for line in path.read_text().splitlines() if line.strip()]

    assert len(lines) <= 300
    assert ast.get_docstring(ast.parse(path.read_text())), "wants a docstring"
    assert path.stem not in {"utils", "helpers", "common", "core", "base", "manager"}


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_functions__are_short(path: Path) -> None:
    for function in functions(path):
        body = function.body[1:] if ast.get_docstring(function) else function.body
        length = body[-1].end_lineno - body[0].lineno + 1 if body else 0  # type: ignore[operator]
        assert length <= 45, f"{function.name} has {length} lines"


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_functions__have_a_docstring(path: Path) -> None:
    assert undocumented(ast.parse(path.read_text())) == []


def test_undocumented__passes_private_ones_overloads_and_short_nested_ones() -> None:
    source = """
def public(): pass
def _private():
    def pixels(): pass
    def pixels_of(): pass
    def reads_much():
        1
        2
        3
        4
        5
        6
        7
        8
        9
class _Private:
    def method(self): pass
    def __len__(self): pass
    def explained(self):
        'Return nothing.'
@overload
def read(): pass
"""

    assert undocumented(ast.parse(source)) == ["public", "pixels", "reads_much", "method"]


def test_broad_except__has_a_comment_with_the_reason() -> None:
    for path in SOURCES:
        lines = path.read_text().splitlines()
        for number, line in enumerate(lines):
            if re.match(r"\s*except( Exception| BaseException)?( as \w+)?:", line):
                assert "#" in line or "#" in lines[number + 1], f"{path}:{number + 1}: a broad except wants a comment"


def test_documents__link_to_files_that_exist() -> None:
    for document in [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").rglob("*.md")]:
        for target in re.findall(r"\]\((?!http|#)([^)#]+)", document.read_text()):
            assert (document.parent / target).exists(), f"{document.relative_to(ROOT)} links to {target}"


def test_project__contains_no_path_of_a_machine() -> None:
    pattern = re.compile(r"/work/(main|shared|\.library)|--index-url https?://|--extra-index-url|torch==2\.13\.0\+")
    files = [*SOURCES, *ROOT.glob("*.txt"), *(ROOT / "docs").rglob("*.md"), ROOT / "README.md", ROOT / "Makefile"]

    assert [str(path) for path in files if pattern.search(path.read_text())] == []
