"""Find signatures that pass a dictionary of anything; `python tests/house/untyped.py .` lists and counts those of a checkout."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path

ROOMS = ("pipeline_tasks", "plugins", "dags")
UNTYPED = re.compile(r"\b(dict|Mapping|MutableMapping)\[str, (Any|object)\]")


def untyped_signatures(root: Path) -> Iterator[str]:
    """Yield `module:owner` for each argument, return value, field or alias that is a dictionary of anything."""
    for room in ROOMS:
        for path in sorted((root / room).rglob("*.py")):
            for owner, annotation in _annotations(ast.parse(path.read_text())):
                for _ in UNTYPED.findall(ast.unparse(annotation)):
                    yield f"{path.relative_to(root).with_suffix('')}:{owner}"


def _annotations(tree: ast.Module) -> Iterator[tuple[str, ast.expr]]:
    """Annotations of functions and of classes' fields, and what aliases stand for; not those of local variables."""
    for statement in tree.body:
        if isinstance(statement, ast.Assign) and isinstance(statement.value, ast.Subscript):
            yield ast.unparse(statement.targets[0]), statement.value
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            every = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs, node.args.vararg, node.args.kwarg]
            yield from ((node.name, one.annotation) for one in every if one is not None and one.annotation is not None)
            if node.returns is not None:
                yield node.name, node.returns
        elif isinstance(node, ast.ClassDef):
            yield from ((node.name, one.annotation) for one in node.body if isinstance(one, ast.AnnAssign))


if __name__ == "__main__":
    found = list(untyped_signatures(Path(sys.argv[1])))
    print("\n".join(found))  # noqa: T201
    print(len(found))  # noqa: T201
