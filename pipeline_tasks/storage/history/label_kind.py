"""The label kind of a root: what its annotations are made of never changes."""

from __future__ import annotations

from pipeline_tasks.errors import SettingsError
from pipeline_tasks.kinds.registry import kind_of
from pipeline_tasks.settings import Project
from pipeline_tasks.storage.history.cycles import read_cycle
from pipeline_tasks.storage.history.store import Store
from pipeline_tasks.tables.annotation import Annotation


def check_label_kind(store: Store, project: Project) -> None:
    """Refuse another label kind than the newest cycle's once there are annotations, because they would answer another question.

    The same holds for those settings of the kind's own under which the annotations would say something else.

    Raises:
        SettingsError: the kind or such a setting is another one; the message says what to do.
    """
    cycles, annotations = list(store.state().stages), store.count(Annotation)
    if not cycles or not annotations:
        return
    since = f"as in cycle {cycles[-1]}, whose {annotations} annotations the root holds"
    before = read_cycle(store, cycles[-1]).project
    if before.label_kind != project.label_kind:
        raise SettingsError(f"label_kind: wanted {before.label_kind!r}, {since}; found {project.label_kind!r}. {_FIX}")
    changed = kind_of(project).refused_changes(before.kind_settings.options)
    if changed:
        said = "; ".join(f"labels.{one.key}: wanted {one.before!r}, {since}; found {one.now!r}" for one in changed)
        raise SettingsError(f"{said}. {_FIX}")


_FIX = "Set it back, or start another project (a new file with its own `project` and `root`) that takes in the same images"
