"""Tests that rules of assignment which could never fit are refused with the remedy."""

from __future__ import annotations

from typing import Any

import given
import pytest

from pipeline_tasks.errors import SettingsError

PEOPLE = {"ada": {"account": 1, "skills": ["cracks"]}, "ben": {"account": 2}}


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ({"people": ["cho"]}, "rule 1 names cho; `people` has ada, ben"),
        ({"people": ["ben"], "skills": ["cracks"]}, "nobody whom it names has all of its skills cracks"),
        ({"sources": ["inbox"]}, "a rule must name people or skills"),
        ({"people": ["ada"], "sources": ["lab"]}, "names the sources lab; the project has inbox"),
        ({"people": ["ada"], "names": ["scrap"]}, "names scrap; the project has bolt, nut"),
    ],
)
def test_rules__that_find_nobody_or_nothing_are_refused(rule: dict[str, Any], said: str) -> None:
    with pytest.raises(SettingsError, match=said):
        given.a_project(labeling={"deadline_s": 3600, "assignment": {"people": PEOPLE, "rules": [rule]}})


def test_rules__on_predicted_names_need_predictions_and_accounts_differ() -> None:
    rule = {"people": ["ada"], "names": ["bolt"]}
    with pytest.raises(SettingsError, match=r"set labeling\.prelabel_ratio above 0"):
        given.a_project(labeling={"deadline_s": 3600, "prelabel_ratio": 0, "assignment": {"people": PEOPLE, "rules": [rule]}})
    twins = {"ada": {"account": 1}, "ben": {"account": "1"}}
    with pytest.raises(SettingsError, match="different accounts"):
        given.a_project(labeling={"deadline_s": 3600, "assignment": {"people": twins, "rules": [{"people": ["ada"]}]}})
