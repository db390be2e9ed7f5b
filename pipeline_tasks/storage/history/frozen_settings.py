"""Frozen settings of a cycle, readable even if keys were added or removed since."""

from __future__ import annotations

from pydantic import ValidationError

from pipeline_tasks.errors import NewerFormError
from pipeline_tasks.release import RELEASE, is_newer
from pipeline_tasks.settings import Project, parse_project
from pipeline_tasks.upgrades.json_fields import without_keys


def parse_frozen_project(content: object, code_version: str, where: str) -> Project:
    """Check a cycle's frozen settings; keys that no longer exist are dropped, because the cycle is history.

    Raises:
        SettingsError: one line a problem, each with key, value and what it must be.
        NewerFormError: a later release opened the cycle, so an unknown key may change what its stages must do.
    """
    try:
        return Project.model_validate(content)
    except ValidationError as error:
        unknown = [one["loc"] for one in error.errors() if one["type"] == "extra_forbidden"]
    if unknown and is_newer(code_version, RELEASE):
        keys = ", ".join(".".join(map(str, loc)) for loc in unknown)
        raise NewerFormError(
            f"{where}: the settings {keys} were written by Nightlens {code_version}; this is Nightlens {RELEASE}, which does not "
            "know them: upgrade Nightlens"
        )
    return parse_project(without_keys(content, unknown), where)
