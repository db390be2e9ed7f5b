"""Serving pointer: names the models that a project's prediction server serves; one small object, replaced as a whole.

Written by `roll_out` and `roll_back`, read by the server each second. It follows the ledger; it never leads.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING

from pipeline_tasks.errors import AlreadyThereError, ChangedMeanwhileError, CorruptObjectError, NotFoundError
from pipeline_tasks.storage.objects import layout
from pipeline_tasks.storage.objects.fail_points import around
from pipeline_tasks.storage.objects.object_store import ObjectStore
from pipeline_tasks.storage.objects.seal import sealed, unsealed
from pipeline_tasks.upgrades import forms
from pipeline_tasks.upgrades.json_fields import marked, upgraded_fields

if TYPE_CHECKING:
    # Imported for types only: the prediction server's environment cannot import settings.
    from pipeline_tasks.records.project_state import Champion
    from pipeline_tasks.settings import Project

ROLES = ("champion", "challenger", "shadow")


@dataclass(frozen=True)
class Route:
    """One model and its share of the traffic."""

    model_digest: str
    share: float
    role: str
    """champion | challenger | shadow; a shadow's predictions are not returned."""


@dataclass(frozen=True)
class ServingPointer:
    """Served models and limits."""

    generation: int
    """Number of changes of this pointer."""
    project: str
    routes: tuple[Route, ...]
    class_names: tuple[str, ...]
    """The champion's vocabulary, by the name that servers of earlier releases read."""
    dataset_id: str
    min_confidence: float
    max_waiting: int
    max_body_bytes: int
    bit_depth: int | None = None
    """Bits that cameras give in deeper files, if all sources that say a number say the same."""

    @property
    def vocabulary(self) -> tuple[str, ...]:
        """Names that the champion may use."""
        return self.class_names

    @property
    def champion_digest(self) -> str:
        """The digest of the model in production."""
        return next(route.model_digest for route in self.routes if route.role == "champion")

    def as_bytes(self) -> bytes:
        """The pointer in its stored form."""
        fields = marked(forms.SERVING_POINTER, asdict(self))
        return json.dumps(sealed(fields), sort_keys=True, indent=1).encode()


def pointer_to(champion: Champion, vocabulary: Sequence[str], project: Project) -> ServingPointer:
    """The pointer for a project: the ledger's champion with all of the traffic; the generation is set later."""
    return ServingPointer(
        generation=0,
        project=project.project,
        routes=(Route(champion.model_digest, 1.0, "champion"),),
        class_names=tuple(vocabulary),
        dataset_id=champion.dataset_id,
        min_confidence=project.serving.min_confidence,
        max_waiting=project.serving.max_waiting,
        max_body_bytes=project.serving.max_body_bytes,
        bit_depth=_common_bit_depth(project),
    )


def _common_bit_depth(project: Project) -> int | None:
    said = {source.bit_depth for source in project.sources} - {None}
    return said.pop() if len(said) == 1 else None


def parse_pointer(content: bytes, where: str) -> ServingPointer:
    """Read a pointer.

    Raises:
        CorruptObjectError: it is not a pointer, does not have exactly one champion, or a share is no number from 0 to 1.
    """
    try:
        fields = upgraded_fields(forms.SERVING_POINTER, unsealed(json.loads(content), where), where)
        fields["routes"] = tuple(Route(**route) for route in fields["routes"])
        pointer = ServingPointer(**fields | {"class_names": tuple(fields["class_names"])})
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise CorruptObjectError(f"{where}: not a serving pointer: {error}") from error
    roles = [route.role for route in pointer.routes]
    if roles.count("champion") != 1 or not set(roles) <= set(ROLES):
        raise CorruptObjectError(f"{where}: wanted one champion and roles of {ROLES}, found {roles}")
    shares = [route.share for route in pointer.routes]
    # A comparison with NaN is False.
    if not all(isinstance(one, int | float) and 0 <= one <= 1 for one in shares):
        raise CorruptObjectError(f"{where}: wanted shares from 0 to 1, found {shares}")
    return pointer


def read_pointer(objects: ObjectStore) -> ServingPointer | None:
    """The current pointer; None before the first promotion."""
    try:
        return parse_pointer(objects.read(layout.SERVING_POINTER).content, layout.SERVING_POINTER)
    except NotFoundError:
        return None


def replace_pointer(objects: ObjectStore, wanted: Callable[[], ServingPointer]) -> tuple[ServingPointer, bool]:
    """Replace the pointer with the one from `wanted`; return the pointer and whether it changed.

    `wanted` is called after the current pointer was read, and again whenever another writer was faster, so that the last
    writer has seen the newest ledger. Its generation is ignored: the generation grows by one exactly when another field
    changes. An unreadable pointer is replaced, too, because the ledger is authoritative.
    """
    while True:
        try:
            return _replaced_once(objects, wanted)
        except (AlreadyThereError, ChangedMeanwhileError):
            continue


def _replaced_once(objects: ObjectStore, wanted: Callable[[], ServingPointer]) -> tuple[ServingPointer, bool]:
    """One try of `replace_pointer`."""
    try:
        standing = objects.read(layout.SERVING_POINTER)
    except NotFoundError:
        pointer = replace(wanted(), generation=1)
        with around("pointer.put"):
            objects.write_new(layout.SERVING_POINTER, pointer.as_bytes())
        return pointer, True
    generation = _generation(standing.content)
    unchanged = replace(wanted(), generation=generation)
    if standing.content == unchanged.as_bytes():
        return unchanged, False
    pointer = replace(unchanged, generation=generation + 1)
    with around("pointer.replace"):
        objects.replace(layout.SERVING_POINTER, pointer.as_bytes(), standing.etag)
    return pointer, True


def _generation(content: bytes) -> int:
    """Generation of the current pointer; 0 if it cannot be read."""
    try:
        return parse_pointer(content, layout.SERVING_POINTER).generation
    except CorruptObjectError:
        return 0
