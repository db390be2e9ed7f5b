"""Cycle: one nightly run with its key and the settings that its first stage froze for all later ones."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from zoneinfo import ZoneInfo

from pipeline_tasks.errors import SettingsError
from pipeline_tasks.settings import Project

CYCLE_ID_PATTERN = r"^\d{4}-\d{2}-\d{2}(T\d{4}(\d{2})?)?$"
SECONDS_TO_TRY = 60


@dataclass(frozen=True)
class CycleArguments:
    """Arguments for one cycle from Airflow's form or the command line; None keeps the project's setting."""

    budget: int | None = None
    deadline_s: float | None = None
    training: str = "auto"
    """`auto` | `force` | `skip`."""
    selection: str | None = None
    """The name of one strategy, or `auto`."""
    selection_weights: Mapping[str, float] | None = None
    """Strategies by weight, in place of one name."""
    control_ratio: float | None = None
    """Share of the budget drawn at random, whether it is the first round or not."""


@dataclass(frozen=True)
class CycleOpening:
    """Inputs of a run that opens a cycle, for `open_cycle` and stages outside the nights."""

    project: Project
    """The project's file as it is now."""
    cycle_id: str
    run_key: str
    """Names the run that owns the cycle: Airflow's run id, or `command line`."""
    started_at: datetime
    code_version: str


@dataclass(frozen=True)
class Cycle:
    """Frozen settings of a cycle: later stages read only these, never the project file and never the clock."""

    cycle_id: str
    cycle_kind: str
    """`nightly`, later also `import`, `review`, `erasure`."""
    project: Project
    """Effective settings, with the run's arguments applied."""
    arguments: CycleArguments
    generation: int
    """Number of times the project was emptied; names in outside services contain it."""
    seed: int
    started_at: datetime
    code_version: str

    @property
    def outside_name(self) -> str:
        """The project's name in outside services: `parts`, and after it was emptied `parts-2`."""
        return self.project.project if self.generation == 1 else f"{self.project.project}-{self.generation}"

    @property
    def round_id(self) -> str:
        """Name of the cycle's labeling round."""
        return f"{self.outside_name}-{self.cycle_id}"


def check_cycle_id(cycle_id: str) -> str:
    """Return the id if it has the form of a cycle_id.

    Raises:
        SettingsError: it does not.
    """
    if not re.fullmatch(CYCLE_ID_PATTERN.strip("^$"), cycle_id):
        raise SettingsError(f"cycle_id: wanted 2026-11-21, 2026-11-21T1430 or 2026-11-21T143000, found {cycle_id!r}")
    return cycle_id


def cycle_id_of_time(moment: datetime, time_zone: str, *, is_scheduled: bool, is_daily: bool = True) -> str:
    """Name a cycle after a time in the project's zone: by day if scheduled, to the second if started by hand.

    When clocks are set back an hour repeats: the second time, a cycle that runs more than daily is named to the second.
    """
    local = moment.astimezone(ZoneInfo(time_zone))
    if not is_scheduled or (local.fold and not is_daily):
        return local.strftime("%Y-%m-%dT%H%M%S")
    return local.strftime("%Y-%m-%d") if is_daily else local.strftime("%Y-%m-%dT%H%M")


def cycle_ids_of_time(moment: datetime, time_zone: str, *, is_scheduled: bool, is_daily: bool = True) -> Iterator[str]:
    """Names for a cycle, the best first: `cycle_id_of_time`, then to the second, then of the seconds that follow.

    A run takes the first one that no other run owns: after an edit of schedule or time zone a day may have two runs, and two DAGs
    of a project may start in the same second.
    """
    yield cycle_id_of_time(moment, time_zone, is_scheduled=is_scheduled, is_daily=is_daily)
    local = moment.astimezone(ZoneInfo(time_zone)).replace(tzinfo=None)
    for second in range(0 if is_scheduled else 1, SECONDS_TO_TRY):
        yield (local + timedelta(seconds=second)).strftime("%Y-%m-%dT%H%M%S")


def derive_seed(project_seed: int, *names: str) -> int:
    """A 31-bit seed that depends only on the project file and the given names, never on wall time."""
    digest = hashlib.sha256("/".join([str(project_seed), *names]).encode()).digest()
    return int.from_bytes(digest[:4], "big") & 0x7FFFFFFF


def local_time(moment: datetime, time_zone: str) -> str:
    """A time in the project's zone, to the minute, with the zone's name: the form in which all pages and messages state times."""
    return f"{moment.astimezone(ZoneInfo(time_zone)):%Y-%m-%d %H:%M} {time_zone}"


def utc(text: str) -> datetime:
    """Read an ISO time; one without a zone is UTC."""
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)
