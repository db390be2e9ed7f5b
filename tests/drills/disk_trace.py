"""Record the operations of the store on a folder, in the process that carries them out.

The store runs as it is: only the functions of `os` and `io` that it calls are listened to. What they wrote down, played from the
beginning, must give the very folder (`live`): so nothing that the store does goes unseen. Nothing waits for the disk.
"""

from __future__ import annotations

import builtins
import io
import itertools
import os
import stat
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest.mock import patch

HEARD = ("open", "fsync", "link", "replace", "rename", "unlink", "remove", "mkdir", "rmdir")
BASE = 0
"""The number of the traced folder."""


class PowerlessError(BaseException):
    """The process was killed: no further operation is carried out. No `except` of the store may catch it."""


@dataclass(frozen=True)
class Op:
    """One step; files and folders have numbers, so that a file of two names is one file."""

    kind: str
    """`name` and `unname` change a folder's names, `write` a file's bytes; `sync_file` and `sync_folder` make such lasting."""
    folder: int = -1
    name: str = ""
    file: int = -1
    content: bytes = b""


@dataclass
class Trace:
    """Operations below `base` since the start of the trace."""

    base: Path
    ops: list[Op] = field(default_factory=list)
    contents: dict[int, bytes] = field(default_factory=dict)
    """File → its bytes as last seen."""
    folders: set[int] = field(default_factory=lambda: {BASE})
    numbers: dict[Path, int] = field(default_factory=dict)
    """Path → number of what has this name now."""
    handles: dict[int, int] = field(default_factory=dict)
    counter: Iterator[int] = field(default_factory=lambda: itertools.count(BASE + 1))
    is_listening: bool = False
    is_dead: bool = False
    """Set by a kill: nothing more reaches the folder."""

    def __post_init__(self) -> None:
        """Number the existing files, which are already on the disk."""
        self.lock = threading.RLock()
        self.numbers[self.base] = BASE
        for path in sorted(self.base.rglob("*")):
            number = self._new_number(path)
            self.note(Op("name", self.numbers[path.parent], path.name, number))
            if path.is_dir():
                self.folders.add(number)
                self.note(Op("sync_folder", number))
            else:
                self._write(number, path.read_bytes())
                self.note(Op("sync_file", file=number))
        for folder in sorted(self.folders):
            self.note(Op("sync_folder", folder))

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Record every operation until the block ends."""
        real = {
            name: getattr(os, name) for name in ("open", "fsync", "link", "replace", "rename", "unlink", "remove", "mkdir", "rmdir")
        }
        heard = {name: self._heard(getattr(self, f"_{name}"), real[name]) for name in real}
        opened = self._heard(self._open_file, io.open)
        with ExitStack() as held:
            for name, function in heard.items():
                held.enter_context(patch.object(os, name, function))
            held.enter_context(patch.object(io, "open", opened))
            held.enter_context(patch.object(builtins, "open", opened))
            self.is_listening = True
            yield
        self.is_listening = False

    def note(self, op: Op) -> None:
        """Add an operation, unless it is one of those that this store is made to forget."""
        self.ops.append(op)

    def _heard(self, act: Callable[..., Any], real: Callable[..., Any]) -> Callable[..., Any]:
        def function(*arguments: Any, **words: Any) -> Any:
            with self.lock:
                return act(real, *arguments, **words)

        return function

    def _open(self, real: Callable[..., int], path: Any, flags: int, *rest: Any, **words: Any) -> int:
        if not self._is_ours(path):
            return real(path, flags, *rest, **words)
        if flags & os.O_CREAT:
            self._stop_if_dead()
        handle = real(path, flags, *rest, **words)
        self.handles[handle] = self._number_or_create(Path(path), stat.S_ISDIR(os.fstat(handle).st_mode))
        return handle

    def _open_file(self, real: Callable[..., Any], path: Any, mode: str = "r", *rest: Any, **words: Any) -> Any:
        is_writing = self._is_ours(path) and set(mode) & set("wax+")
        if is_writing:
            self._stop_if_dead()
        file = real(path, mode, *rest, **words)
        if is_writing:
            self._number_or_create(Path(path), is_folder=False)
        return file

    def _fsync(self, real: Callable[..., None], handle: int) -> None:
        number = self.handles.get(handle)
        if number is None:
            return
        self._stop_if_dead()
        if number in self.folders:
            self.note(Op("sync_folder", number))
        else:
            self._write(number, os.pread(handle, os.fstat(handle).st_size, 0))
            self.note(Op("sync_file", file=number))

    def _link(self, real: Callable[..., None], source: Any, target: Any, **words: Any) -> None:
        self._change(lambda: real(source, target, **words), target)
        number = self._seen(Path(source))
        self._name(Path(target), number)

    def _replace(self, real: Callable[..., None], source: Any, target: Any, **words: Any) -> None:
        number = self._seen(Path(source))
        self._change(lambda: real(source, target, **words), target)
        self._name(Path(target), number)
        self._unname(Path(source))

    _rename = _replace

    def _unlink(self, real: Callable[..., None], path: Any, **words: Any) -> None:
        self._change(lambda: real(path, **words), path)
        self._unname(Path(path))

    _remove = _rmdir = _unlink

    def _mkdir(self, real: Callable[..., None], path: Any, *rest: Any, **words: Any) -> None:
        self._change(lambda: real(path, *rest, **words), path)
        number = self._new_number(Path(path))
        self.folders.add(number)
        self.note(Op("name", self.numbers[Path(path).parent], Path(path).name, number))

    def _change(self, act: Callable[[], None], path: Any) -> None:
        self._stop_if_dead()
        assert self._is_ours(path), f"{path}: something outside of {self.base} was changed"
        act()

    def _stop_if_dead(self) -> None:
        if self.is_dead:
            raise PowerlessError

    def _is_ours(self, path: Any) -> bool:
        return not isinstance(path, int) and Path(path).is_relative_to(self.base)

    def _new_number(self, path: Path) -> int:
        self.numbers[path] = next(self.counter)
        return self.numbers[path]

    def _number_or_create(self, path: Path, is_folder: bool) -> int:
        if path not in self.numbers:
            assert not is_folder, f"{path}: a folder that nobody made"
            self._name(path, self._new_number(path))
        return self.numbers[path]

    def _seen(self, path: Path) -> int:
        """The file of this name, its bytes written down as they are before it gets another name."""
        number = self.numbers[path]
        with io.FileIO(path) as file:
            self._write(number, file.readall())
        return number

    def _write(self, number: int, content: bytes) -> None:
        if self.contents.get(number, b"") != content or number not in self.contents:
            self.contents[number] = content
            self.note(Op("write", file=number, content=content))

    def _name(self, path: Path, number: int) -> None:
        self.numbers[path] = number
        self.note(Op("name", self.numbers[path.parent], path.name, number))

    def _unname(self, path: Path) -> None:
        del self.numbers[path]
        self.note(Op("unname", self.numbers[path.parent], path.name))
