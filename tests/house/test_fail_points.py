"""Tests that every write in storage/ is between two fail points, so that the kill matrix reaches it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

STORAGE = Path(__file__).parents[2] / "pipeline_tasks/storage"
PRIMITIVES = {
    *("link", "symlink", "hardlink_to", "symlink_to", "rename", "renames", "replace", "truncate", "touch"),
    *("unlink", "remove", "rmdir", "removedirs", "rmtree", "mkdir", "makedirs", "move", "copy", "copy2", "copyfile", "copytree"),
    *("mkstemp", "mkdtemp", "NamedTemporaryFile", "TemporaryFile", "fdopen", "write_bytes", "write_text"),
    *("write_new", "delete", "put_object", "delete_object", "delete_objects", "copy_object", "upload_file", "upload_fileobj"),
    *("create_multipart_upload", "upload_part", "complete_multipart_upload"),
}
WRITING_MODES = set("wax+")


def is_write(call: ast.Call) -> bool:
    if not isinstance(call.func, ast.Attribute):
        return isinstance(call.func, ast.Name) and call.func.id == "open" and opens_for_writing(call, 1)
    if call.func.attr == "open":
        is_of_os = isinstance(call.func.value, ast.Name) and call.func.value.id == "os"
        return opens_for_writing(call, 1) if is_of_os else opens_for_writing(call, 0)
    return call.func.attr in PRIMITIVES


def opens_for_writing(call: ast.Call, position: int) -> bool:
    modes = [*call.args[position : position + 1], *(word.value for word in call.keywords if word.arg in ("mode", "flags"))]
    for mode in modes:
        names = {node.attr for node in ast.walk(mode) if isinstance(node, ast.Attribute)}
        if names:
            return bool(names & {"O_WRONLY", "O_RDWR", "O_CREAT", "O_TRUNC", "O_APPEND"})
        if not isinstance(mode, ast.Constant) or WRITING_MODES & set(str(mode.value)):
            return True
    return False


def is_around(expression: ast.expr) -> bool:
    return isinstance(expression, ast.Call) and isinstance(expression.func, ast.Name) and expression.func.id == "around"


def unguarded_writes(source: str) -> list[int]:
    """The lines of writes that stand in no `with around(…)`."""
    return sorted(_unguarded(ast.parse(source), is_guarded=False))


def _unguarded(node: ast.AST, *, is_guarded: bool) -> Iterator[int]:
    if isinstance(node, ast.Call) and is_write(node) and not is_guarded:
        yield node.lineno
    for child in ast.iter_child_nodes(node):
        # A function made inside a block runs when it is called, not when the block does.
        yield from _unguarded(child, is_guarded=is_guarded and not isinstance(node, ast.FunctionDef))
        if isinstance(node, ast.With) and isinstance(child, ast.withitem):
            is_guarded = is_guarded or is_around(child.context_expr)


def point_names() -> list[str]:
    found = []
    for path in sorted(STORAGE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.expr) and is_around(node):
                assert isinstance(node, ast.Call)
                assert isinstance(node.args[0], ast.Constant), f"{path}:{node.lineno}: a fail point's name stands where it is"
                found.append(str(node.args[0].value))
    return found


def test_storage__writes_only_between_fail_points() -> None:
    found = {path.name: unguarded_writes(path.read_text()) for path in sorted(STORAGE.rglob("*.py"))}

    assert {name: lines for name, lines in found.items() if lines} == {}


def test_fail_points__have_unique_names() -> None:
    names = point_names()

    assert len(names) >= 30
    assert sorted(names) == sorted(set(names))


def test_unguarded_writes__are_found_in_every_form() -> None:
    source = """
os.link(a, b)
with around("x"):
    os.link(a, b)
with (folder / name).open("ab") as file, around("x"):
    pass
with around("x"), path.open("wb") as file:
    pass
path.open()
open(path, "rb")
open(path, mode="w")
os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
os.open(path, os.O_RDWR)
with around("x"):
    def later():
        client.put_object()
    client.delete_object()
objects.write_new(key, content)
replace(event, sequence=1)
"""

    assert unguarded_writes(source) == [2, 5, 11, 13, 16, 18]
