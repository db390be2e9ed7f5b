from __future__ import annotations

import pytest

from pipeline_tasks.errors import StorageError
from pipeline_tasks.storage.ledger.generation import empty_project, read_generation
from pipeline_tasks.storage.objects import layout
from pipeline_tasks.storage.objects.memory_objects import MemoryObjects


def test_empty_project__deletes_everything_and_increments_the_generation() -> None:
    objects = MemoryObjects()
    objects.write_new("files/md5/aa/b", b"")
    objects.write_new(layout.event(1), b"{}")
    assert read_generation(objects) == 1

    assert empty_project(objects) == 2
    assert empty_project(objects) == 3

    assert list(objects.list("")) == [layout.GENERATION]
    assert read_generation(objects) == 3


def test_empty_project__interrupted_is_completed_by_the_next_call() -> None:
    class Breaking(MemoryObjects):
        is_broken = True

        def delete(self, key: str) -> None:
            if self.is_broken and not key.startswith(layout.LEDGER):
                raise OSError("the power went")
            super().delete(key)

    objects = Breaking()
    objects.write_new(layout.event(1), b"{}")
    objects.write_new("tables/x", b"")
    with pytest.raises(OSError, match="power"):
        empty_project(objects)

    with pytest.raises(StorageError, match="interrupted"):
        read_generation(objects)
    objects.is_broken = False
    assert empty_project(objects) == 2
    assert read_generation(objects) == 2
