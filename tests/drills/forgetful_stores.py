"""Stores that omit a sync, to show that the power-loss drill finds it: the omitted operations are not recorded."""

from __future__ import annotations

from drills.disk_trace import Op, Trace


class NoFileSync(Trace):
    """A store that never syncs its files."""

    def note(self, op: Op) -> None:
        if op.kind != "sync_file" or not self.is_listening:
            super().note(op)


class NoFolderSync(Trace):
    """A store that never syncs a folder in which it linked, replaced or deleted."""

    def note(self, op: Op) -> None:
        if op.kind != "sync_folder" or not self.is_listening:
            super().note(op)


class LinkBeforeSync(Trace):
    """A store that gives a file its name first, and syncs it then."""

    late: Op | None = None

    def note(self, op: Op) -> None:
        if op.kind == "sync_file" and self.is_listening:
            self.late = op
            return
        super().note(op)
        if op.kind == "name" and self.late and op.file == self.late.file:
            super().note(self.late)
            self.late = None
