"""Settings of who is asked about which images of a labeling round."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from pipeline_tasks.settings.section import Settings

Name = Annotated[str, Field(min_length=1, max_length=40, pattern=r"^\S(.*\S)?$")]


class PersonSettings(Settings):
    """One person who annotates."""

    account: int | str = Field(
        description="Number of their account in Label Studio; at a labeling service `mturk/` and the like with their id there."
    )
    skills: tuple[Name, ...] = Field((), description="Tags that rules ask for.")


class AssignmentRule(Settings):
    """Images and the people who are asked about them; a rule without `names` and `sources` fits every image."""

    people: tuple[Name, ...] = Field((), description="People who may get these images; empty: all who have the skills.")
    skills: tuple[Name, ...] = Field((), description="Skills that each of them must have.")
    names: tuple[str, ...] = Field(
        (), description="Images in which the champion predicts one of these names, or a doubt suspects it; empty: any."
    )
    sources: tuple[str, ...] = Field((), description="Images that one of these sources delivered; empty: any.")

    @model_validator(mode="after")
    def _asks_somebody(self) -> AssignmentRule:
        """Refuse a rule that says nothing about people."""
        if not (self.people or self.skills):
            raise ValueError("a rule must name people or skills; an image that no rule fits is for anyone")
        return self


class AssignmentSettings(Settings):
    """People, and the rules that send images to them: of the rules that fit an image, the first counts."""

    people: dict[Name, PersonSettings] = Field(min_length=1, description="Name, as people see it in Label Studio → person.")
    rules: tuple[AssignmentRule, ...] = Field(min_length=1)
    misdirected: Literal["ask_again", "use"] = Field(
        "ask_again",
        description="Answers by another person than the one who was asked: `ask_again` keeps them without a vote and asks once "
        "more; `use` counts them as votes.",
    )

    @model_validator(mode="after")
    def _rules_find_people(self) -> AssignmentSettings:
        """Refuse two people of one account, and a rule that finds nobody."""
        accounts = [str(person.account) for person in self.people.values()]
        if len(set(accounts)) != len(accounts):
            raise ValueError(f"people must have different accounts, found {accounts}")
        for number, rule in enumerate(self.rules, start=1):
            if unknown := [name for name in rule.people if name not in self.people]:
                raise ValueError(f"rule {number} names {', '.join(unknown)}; `people` has {', '.join(self.people)}")
            if not self.eligible(rule):
                raise ValueError(f"rule {number}: nobody whom it names has all of its skills {', '.join(rule.skills)}")
        return self

    def eligible(self, rule: AssignmentRule) -> list[str]:
        """Names of the people whom a rule finds, in the order of the file."""
        named = [name for name in self.people if name in (rule.people or self.people)]
        return [name for name in named if set(rule.skills) <= set(self.people[name].skills)]


def check_assignment(found: AssignmentSettings | None, names: tuple[str, ...], sources: list[str], prelabel_ratio: float) -> None:
    """Refuse rules on names or sources that the project does not have, and on names that nobody predicts.

    Raises:
        ValueError: with the rule and the remedy.
    """
    for number, rule in enumerate(() if found is None else found.rules, start=1):
        here = f"labeling.assignment: rule {number}"
        if unknown := [one for one in rule.sources if one not in sources]:
            raise ValueError(f"{here} names the sources {', '.join(unknown)}; the project has {', '.join(sources)}")
        if names and (unknown := [one for one in rule.names if one not in names]):
            raise ValueError(f"{here} names {', '.join(unknown)}; the project has {', '.join(names)}")
        if rule.names and not prelabel_ratio:
            raise ValueError(f"{here} has names, which the champion predicts for it: set labeling.prelabel_ratio above 0")
