"""The label kind of a root: what its annotations are made of never changes."""

from __future__ import annotations

from pipeline_tasks.errors import SettingsError
from pipeline_tasks.settings import Project
from pipeline_tasks.storage.history.cycles import read_cycle
from pipeline_tasks.storage.history.store import Store
from pipeline_tasks.tables.annotation import Annotation


def check_label_kind(store: Store, project: Project) -> None:
    """Refuse another label kind than the newest cycle's once there are annotations, because they would answer another question.

    Raises:
        SettingsError: the kind is another one; the message says what to do.
    """
    cycles, annotations = list(store.state().stages), store.count(Annotation)
    if not cycles or not annotations:
        return
    before = read_cycle(store, cycles[-1]).project.label_kind
    if before != project.label_kind:
        raise SettingsError(
            f"label_kind: wanted {before!r}, as in cycle {cycles[-1]}, whose {annotations} annotations the root holds; "
            f"found {project.label_kind!r}. Set it back, or start another project (a new file with its own `project` and `root`) "
            "that takes in the same images"
        )
