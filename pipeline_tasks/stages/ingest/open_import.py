"""Open the cycle of an import: read a labelled set and freeze what it says, before any of its images is taken in."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from pathlib import Path

from pipeline_tasks.errors import SettingsError
from pipeline_tasks.formats.labelled_folder import Counted
from pipeline_tasks.kinds.registry import kind_of
from pipeline_tasks.labelled_sets.reading import ReadSet, read_set
from pipeline_tasks.labelled_sets.unpacking import forget_unpacked, is_unpacked, unpacked
from pipeline_tasks.records.cycle import CycleOpening, check_cycle_id
from pipeline_tasks.records.labelled_set import SPLITTING, LabelledSet
from pipeline_tasks.records.open_import import OpenImportSummary
from pipeline_tasks.settings import Project
from pipeline_tasks.settings.source import LicenceRule
from pipeline_tasks.sources.folder import FolderSettings
from pipeline_tasks.storage.history.cycles import IMPORT, open_manual_cycle
from pipeline_tasks.storage.history.label_kind import check_label_kind
from pipeline_tasks.storage.history.store import Store
from pipeline_tasks.tables.label_object import SetObject
from pipeline_tasks.tables.set_image import SetImage
from pipeline_tasks.tables.set_left_out import SetLeftOut

STAGE = "open_import"
SETTLE_S = 0.5
"""A file that changes between two looks this far apart waits for the next import."""


def open_import(store: Store, opening: CycleOpening, labelled_set: LabelledSet | None, space: Path) -> OpenImportSummary:
    """Read the set, check its classes against the project's, and open a cycle in which the set is the only source.

    An archive and IDX files are unpacked below `space`, again if an interrupted run goes on without what it unpacked.

    The same run continues with what it froze, whatever became of the set's annotation files since.

    Raises:
        SettingsError: no set is named, its name is one of a source, or it cannot be meant as it is written; nothing was recorded.
        CycleTakenError: another run owns this cycle_id.
    """
    standing = store.finished(check_cycle_id(opening.cycle_id), STAGE, OpenImportSummary)
    if standing is not None:
        open_manual_cycle(store, opening, IMPORT)
        if labelled_set is not None and is_unpacked(Path(standing.folder), space):
            unpacked(labelled_set, space)
        return standing
    wanted = _checked(labelled_set, opening.project)
    check_label_kind(store, opening.project)
    try:
        found = read_set(wanted, kind_of(opening.project), space)
    except SettingsError:
        forget_unpacked(space)
        raise
    project = opening.project.model_copy(update={"sources": (_source(wanted, found, space),)})
    open_manual_cycle(store, replace(opening, project=project), IMPORT)
    writes = [(SetImage, found.images), (SetObject, found.objects), (SetLeftOut, found.left_out_rows)]
    return store.finish(opening.cycle_id, STAGE, _summary(opening.cycle_id, wanted, found), writes)


def _checked(wanted: LabelledSet | None, project: Project) -> LabelledSet:
    if wanted is None:
        raise SettingsError("open_import: wanted a labelled set, found none; run `import_dataset`, which names one")
    if not re.fullmatch(r"[a-z][a-z0-9_]*", wanted.name):
        raise SettingsError(
            f"name of the labelled set: wanted small letters, digits and _ after a letter, found {wanted.name!r}; give it another"
        )
    if wanted.name in {source.name for source in project.sources}:
        raise SettingsError(f"name of the labelled set: {wanted.name!r} is a source of the project already; give the set another")
    if wanted.splitting not in SPLITTING:
        raise SettingsError(f"splits of the labelled set: wanted one of {', '.join(SPLITTING)}, found {wanted.splitting!r}")
    if not 0 <= wanted.test_ratio < 1:
        raise SettingsError(f"test ratio of the labelled set: wanted a share from 0 to below 1, found {wanted.test_ratio}")
    return wanted


def _source(wanted: LabelledSet, found: ReadSet, space: Path) -> FolderSettings:
    """The set as a folder; its licence is that of each of its images. Only times of what was unpacked say that it changed."""
    licences = (LicenceRule(licence=found.licence.text),) if found.licence.text else ()
    return FolderSettings(
        name=wanted.name,
        path=str(found.folder),
        settle_s=SETTLE_S,
        compare="times" if is_unpacked(found.folder, space) else "stamps",
        bit_depth=wanted.bit_depth,
        licences=licences,
        is_synthetic=wanted.is_synthetic,
    )


def _summary(cycle_id: str, wanted: LabelledSet, found: ReadSet) -> OpenImportSummary:
    return OpenImportSummary(
        cycle_id=cycle_id,
        set_name=wanted.name,
        folder=str(found.folder),
        format_name=found.read.format_name,
        label_kind=found.read.label_kind,
        images=found.images.height,
        objects=found.objects.height,
        classes=dict(sorted(found.classes.names.items())),
        dropped=dict(found.classes.dropped),
        left_out=_counts(found.left_out),
        changed=_counts(found.read.changed),
        notes=list(found.read.notes),
        licence=found.licence.text,
        licence_from=found.licence.stated_in,
        splitting=wanted.splitting,
        is_synthetic=wanted.is_synthetic,
        test_ratio=wanted.test_ratio,
        own_splits=dict(sorted(Counter(found.images["split"].drop_nulls().cast(str)).items())),
    )


def _counts(counted: tuple[Counted, ...]) -> dict[str, int]:
    return {one.reason: one.count for one in counted}
