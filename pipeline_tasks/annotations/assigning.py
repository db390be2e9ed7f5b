"""People dealt to the labeling tasks of a round, by the project's rules; pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass

from pipeline_tasks.annotations.task_keys import PlannedTask
from pipeline_tasks.settings.assignment import AssignmentRule, AssignmentSettings


@dataclass(frozen=True)
class AboutImage:
    """All that rules ask about an image."""

    names: Set[str] = frozenset()
    """Names that the champion predicts in it, or that a doubt suspects."""
    sources: Set[str] = frozenset()
    annotated_by: Set[str] = frozenset()
    """Names of people who answered it in earlier rounds."""


def dealt(settings: AssignmentSettings, planned: Sequence[PlannedTask], about: Mapping[str, AboutImage]) -> dict[str, str]:
    """task_key → name of the person who is asked, of the tasks that somebody is asked for by name.

    Of the people of the first rule that fits an image, each task goes to the one with the fewest tasks so far. Nobody gets two
    copies of one image, nor one that they answered before; a task for which nobody is left is for anyone, as is an image that no
    rule fits.
    """
    tasks_of: Counter[str] = Counter()
    taken: dict[str, set[str]] = {}
    found: dict[str, str] = {}
    for task in planned:
        image = about.get(task.image_id, AboutImage())
        busy = taken.setdefault(task.image_id, set(image.annotated_by))
        people = [name for name in _asked(settings, image) if name not in busy]
        if people:
            name = min(people, key=lambda one: tasks_of[one])
            found[task.task_key] = name
            tasks_of[name] += 1
            busy.add(name)
    return found


def _asked(settings: AssignmentSettings, image: AboutImage) -> list[str]:
    return next((settings.eligible(rule) for rule in settings.rules if _fits(rule, image)), [])


def _fits(rule: AssignmentRule, image: AboutImage) -> bool:
    fits_names = not rule.names or not image.names.isdisjoint(rule.names)
    return fits_names and (not rule.sources or not image.sources.isdisjoint(rule.sources))
