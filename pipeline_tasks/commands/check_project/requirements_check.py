"""Check of the requirements: whether the project and its sources can ever meet them, and what is short today."""

from __future__ import annotations

from collections.abc import Iterator

from pipeline_tasks.errors import SettingsError
from pipeline_tasks.settings import Project
from pipeline_tasks.storage.history.store import Store

MOST_NAMED = 5


def check_requirements(project: Project, store: Store) -> str:
    """A sentence about what is short.

    Raises:
        SettingsError: a requirement that can never be met by this project and its sources.
    """
    from pipeline_tasks.datasets.requirements import compared
    from pipeline_tasks.kinds.registry import kind_of
    from pipeline_tasks.storage.history.counted_images import counted_images, shown_names

    if project.requirements is None:
        return "fine: none are stated"
    kind = kind_of(project)
    problems = list(_problems(project, kind.vocabulary))
    if problems:
        raise SettingsError("requirements: " + "; ".join(problems))
    found = compared(project.requirements, counted_images(store), shown_names(store, kind.changes))
    short = [f"{one.name} {one.labelled} of {one.wanted}" for one in found if one.short]
    more = f" and {len(short) - MOST_NAMED} more" if len(short) > MOST_NAMED else ""
    said = f"; short: {', '.join(short[:MOST_NAMED])}{more}" if short else ""
    return f"fine: {len(found) - len(short)} of {len(found)} are met{said}"


def _problems(project: Project, vocabulary: tuple[str, ...]) -> Iterator[str]:
    wanted = project.requirements
    assert wanted is not None
    if wanted.label_kind not in (None, project.label_kind):
        yield f"wanted label_kind {wanted.label_kind}, the project's is {project.label_kind}"
    unknown = [name for name in wanted.classes if name not in vocabulary]
    if unknown:
        yield f"{', '.join(unknown)}: wanted classes of {', '.join(vocabulary)}"
    for source in project.sources:
        if wanted.modality not in (None, source.modality):
            yield f"wanted {wanted.modality} images, source {source.name} states modality {source.modality}"
    for key, values in (("site", wanted.sites), ("device", wanted.devices)):
        if values and not any(key in source.metadata_keys() for source in project.sources):
            yield f"{key}s are wanted, and no source tells the {key} of an image; add a group {key} to a key_pattern"
    smallest = project.quality.min_side_px
    if wanted.min_side_px is not None and smallest is not None and smallest > wanted.min_side_px:
        yield f"min_side_px {wanted.min_side_px} is below quality.min_side_px {smallest}, which quarantines such images"
