"""Copy of the served models on the server's own disk, so that it can restart without the root."""

from __future__ import annotations

import logging

from pipeline_tasks.errors import AlreadyThereError, CorruptObjectError, NewerFormError, NightlensError, NotFoundError
from pipeline_tasks.storage.blobs.serving_pointer import ServingPointer, parse_pointer, read_pointer
from pipeline_tasks.storage.objects import layout
from pipeline_tasks.storage.objects.object_store import ObjectStore

logger = logging.getLogger(__name__)


class LastGood:
    """A pointer and its models, laid out as in a project's root."""

    def __init__(self, objects: ObjectStore) -> None:
        """Store them in `objects`."""
        self.objects = objects

    def pointer(self) -> ServingPointer | None:
        """The pointer that was served last; None if there was none.

        Raises:
            CorruptObjectError: the file cannot be read.
        """
        return read_pointer(self.objects)

    def keep(self, pointer: ServingPointer, source: ObjectStore) -> None:
        """Copy the pointer and its models from `source`, models first; then delete older models. A full disk is only a warning."""
        digests = {route.model_digest for route in pointer.routes}
        try:
            for digest in digests:
                self._copy(layout.model(digest), source)
            self._point(pointer)
            for key in list(self.objects.list("models/")):
                if key not in {layout.model(digest) for digest in digests}:
                    self.objects.delete(key)
        except (NightlensError, OSError) as error:
            logger.warning("the last good model could not be kept, a restart will need the root: %s", error)

    def _copy(self, key: str, source: ObjectStore) -> None:
        content = source.read(key).content
        try:
            self.objects.write_new(key, content)
        except AlreadyThereError:
            standing = self.objects.read(key)
            if standing.content != content:
                self.objects.replace(key, content, standing.etag)

    def _point(self, pointer: ServingPointer) -> None:
        try:
            standing = self.objects.read(layout.SERVING_POINTER)
        except NotFoundError:
            self.objects.write_new(layout.SERVING_POINTER, pointer.as_bytes())
            return
        try:
            is_same = parse_pointer(standing.content, layout.SERVING_POINTER) == pointer
        except (CorruptObjectError, NewerFormError):
            is_same = False
        if not is_same:
            self.objects.replace(layout.SERVING_POINTER, pointer.as_bytes(), standing.etag)
