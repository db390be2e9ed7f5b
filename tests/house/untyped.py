"""Find signatures that pass a dictionary of anything; `python tests/house/untyped.py .` lists and counts those of a checkout.

An alias is followed through every module that imports it: a dictionary of anything by another name counts the same.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

ROOMS = ("pipeline_tasks", "plugins", "dags")
UNTYPED = re.compile(
    r"\b(?:dict|Dict|Mapping|MutableMapping|defaultdict|OrderedDict)\b"
    r"(?:\[(?:str|Any|object|Hashable), (?:Any|object)\]|(?![\[\w(]))"
)
"""With values of any kind: `dict[str, Any]`, `Mapping[str, object]`, `dict` alone."""


def untyped_signatures(root: Path) -> Iterator[str]:
    """Yield `module:owner` for each argument, return value, field or alias that is a dictionary of anything."""
    trees = {
        ".".join(path.relative_to(root).with_suffix("").parts): ast.parse(path.read_text())
        for room in ROOMS
        for path in sorted((root / room).rglob("*.py"))
    }
    names = _untyped_names(trees)
    for module, tree in trees.items():
        for owner, annotation in (*_aliases(tree), *_annotations(tree)):
            for _ in range(_count(_text(annotation), names[module])):
                yield f"{module.replace('.', '/')}:{owner}"


def is_public(signature: str) -> bool:
    """Return False for a private function or class, and for what stands in a private class."""
    names = signature.partition(":")[2].split(".")
    return all(not name.startswith("_") or name.startswith("__") for name in names)


def _untyped_names(trees: Mapping[str, ast.Module]) -> dict[str, set[str]]:
    """Module → names by which it knows a dictionary of anything, its own and imported ones."""
    names: dict[str, set[str]] = {module: set() for module in trees}
    while True:
        before = sum(map(len, names.values()))
        for module, tree in trees.items():
            names[module] |= {name for name, value in _aliases(tree) if _count(_text(value), names[module])}
            for statement in ast.walk(tree):
                if isinstance(statement, ast.ImportFrom):
                    theirs = names.get(str(statement.module).removeprefix("plugins."), set())
                    theirs |= names.get(f"plugins.{statement.module}", set())
                    names[module] |= {one.asname or one.name for one in statement.names if one.name in theirs}
        if sum(map(len, names.values())) == before:
            return names


def _count(text: str, names: set[str]) -> int:
    return len(UNTYPED.findall(text)) + sum(word in names for word in re.findall(r"\w+", text))


def _aliases(tree: ast.Module) -> Iterator[tuple[str, ast.expr]]:
    """Types that get a name at a module's top."""
    for statement in tree.body:
        match statement:
            case ast.Assign(targets=[ast.Name(name)], value=ast.Subscript() | ast.BinOp() | ast.Name() | ast.Attribute()):
                yield name, statement.value
            case ast.AnnAssign(target=ast.Name(name), value=ast.expr()) if "TypeAlias" in ast.unparse(statement.annotation):
                yield name, statement.value


def _annotations(tree: ast.AST, inside: str = "") -> Iterator[tuple[str, ast.expr]]:
    """Annotations of functions and of classes' fields, with the name of what they stand in; not those of local variables."""
    for node in ast.iter_child_nodes(tree):
        within = inside
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            every = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs, node.args.vararg, node.args.kwarg]
            given = [one.annotation for one in every if one is not None] + [node.returns]
            yield from ((inside + node.name, one) for one in given if one is not None)
            within = f"{inside}{node.name}."
        elif isinstance(node, ast.ClassDef):
            yield from ((inside + node.name, one.annotation) for one in node.body if isinstance(one, ast.AnnAssign))
            within = f"{inside}{node.name}."
        yield from _annotations(node, within)


def _text(annotation: ast.expr) -> str:
    """A type in words; one in quotation marks without them."""
    if isinstance(annotation, ast.Constant) and isinstance(annotation.value, str):
        return annotation.value
    return ast.unparse(annotation)


if __name__ == "__main__":
    found = list(filter(is_public, untyped_signatures(Path(sys.argv[1]))))
    print("\n".join(found))  # noqa: T201
    print(len(found))  # noqa: T201
