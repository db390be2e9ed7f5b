"""Possible states of a folder after a power failure, as file systems allow them, from a trace of operations.

Lasting is a file's content that was synced, and a name whose folder was synced after it. Of the rest, anything may be there: of an
unsynced file nothing, zeros, a torn beginning or all; of unsynced names all up to some moment (a journal kept in order: ext4,
xfs), all up to a moment of its own in each folder (a log for each: btrfs), or any at all (what POSIX promises: nothing).
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from drills.disk_trace import BASE, Op

Tree = Mapping[str, bytes | None]
"""Path → content; None for a folder."""


@dataclass
class Reached:
    """Synced and pending changes at one moment of a trace."""

    lasting: dict[int, dict[str, int]] = field(default_factory=dict)
    """Folder → its names that are on the disk for good, each with its file or folder."""
    pending: list[Op] = field(default_factory=list)
    """Changes of names since, in the order in which they were done."""
    synced: dict[int, bytes] = field(default_factory=dict)
    written: dict[int, bytes] = field(default_factory=dict)

    def go_on(self, op: Op) -> None:
        """Take in one more operation."""
        if op.kind in ("name", "unname"):
            self.pending.append(op)
        elif op.kind == "write":
            self.written[op.file] = op.content
        elif op.kind == "sync_file":
            self.synced[op.file] = self.written.get(op.file, b"")
        else:
            _apply(self.lasting.setdefault(op.folder, {}), [one for one in self.pending if one.folder == op.folder])
            self.pending = [one for one in self.pending if one.folder != op.folder]


def crash_states(reached: Reached, folders: set[int], chance: random.Random, samples: int) -> Iterator[Tree]:
    """Yield the two extremes, and as many in between as `samples` says."""
    yield _tree(reached, [], folders, lambda file: reached.synced.get(file, b""))
    yield _tree(reached, reached.pending, folders, lambda file: reached.written.get(file, b""))
    if not reached.pending and reached.written == reached.synced:
        return
    for number in range(samples):
        kept = (_in_order, _in_order_by_folder, _any)[number % 3](reached.pending, chance)
        contents = {file: _left_of(reached, file, chance) for file in reached.written}
        yield _tree(reached, kept, folders, lambda file, contents=contents: contents.get(file, b""))  # type: ignore[misc]


def _in_order(pending: Sequence[Op], chance: random.Random) -> list[Op]:
    return list(pending[: chance.randint(0, len(pending))])


def _in_order_by_folder(pending: Sequence[Op], chance: random.Random) -> list[Op]:
    folders = sorted({op.folder for op in pending})
    ends = {folder: chance.randint(0, sum(op.folder == folder for op in pending)) for folder in folders}
    kept = []
    for op in pending:
        if ends[op.folder] > 0:
            kept.append(op)
        ends[op.folder] -= 1
    return kept


def _any(pending: Sequence[Op], chance: random.Random) -> list[Op]:
    return [one for one in pending if chance.random() < 0.5]


def _left_of(reached: Reached, file: int, chance: random.Random) -> bytes:
    """One way in which a file may have come through."""
    synced, written = reached.synced.get(file, b""), reached.written[file]
    if file in reached.synced and synced == written:
        return synced
    return chance.choice((synced, b"", bytes(len(written)), written[: chance.randint(0, len(written))], written))


def _tree(reached: Reached, kept: Sequence[Op], folders: set[int], content) -> Tree:  # type: ignore[no-untyped-def]
    """The folder as the next start finds it: what lies in a folder whose own name was lost is lost with it."""
    names = dict(reached.lasting)
    for folder in {op.folder for op in kept}:
        names[folder] = dict(names.get(folder, {}))
        _apply(names[folder], [op for op in kept if op.folder == folder])
    found: dict[str, bytes | None] = {}
    waiting = [(BASE, "")]
    while waiting:
        folder, path = waiting.pop()
        for name, number in names.get(folder, {}).items():
            below = f"{path}{name}"
            found[below] = None if number in folders else content(number)
            if number in folders:
                waiting.append((number, f"{below}/"))
    return found


def _apply(names: dict[str, int], changes: Sequence[Op]) -> None:
    for op in changes:
        if op.kind == "name":
            names[op.name] = op.file
        else:
            names.pop(op.name, None)
