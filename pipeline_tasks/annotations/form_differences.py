"""Differences between the form that Nightlens made and the one in Label Studio, as sentences with the remedy."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

MEND = "set it back in Label Studio (Settings, Labeling Interface)"

MULTIPLE = "multiple"
SEVERAL_OF_ONE = "an annotation with several classes is a vote for none of them"


@dataclass(frozen=True)
class _Control:
    """A question of a form."""

    tag: str
    name: str
    choice: str
    choices: tuple[str, ...]
    """Names as annotations contain them."""


def form_differences(ours: str, standing: str) -> list[str]:
    """Compare two label configurations by controls, names of choices and the image shown; layout does not matter.

    `ours` is what we made. Returns one sentence for each difference that changes what annotations mean; nothing if there is none.
    """
    try:
        found = ET.fromstring(standing)
    except ET.ParseError as error:
        return [f"The form in Label Studio is not readable ({error}): {MEND}."]
    wanted = ET.fromstring(ours)
    there = {one.name: one for one in _controls(found)}
    differences = [] if _images(wanted) <= _images(found) else [_other_image(_images(wanted), _images(found))]
    controls = list(_controls(wanted))
    for control in controls:
        differences += _differences(control, there)
    added = sorted(set(there) - {one.name for one in controls} - {_successor(one, there) for one in controls})
    return differences + [f"Label Studio also asks {name!r} ({there[name].tag}): the answers to it are not used." for name in added]


def _differences(control: _Control, there: Mapping[str, _Control]) -> list[str]:
    """Sentences on one of our controls."""
    standing = there.get(control.name) or there.get(_successor(control, there) or "")
    if standing is None:
        names = ", ".join(f"{one.name} ({one.tag})" for one in there.values()) or "none"
        return [
            f"The question {control.name!r} ({control.tag}) is gone from the form in Label Studio, which asks: {names}. "
            f"Answers to another form match no class: {MEND}."
        ]
    sentences = []
    if standing.name != control.name:
        sentences.append(
            f"The question {control.name!r} is called {standing.name!r} in Label Studio; its answers are still read, "
            f"but {MEND} before the names of its choices change, too."
        )
    if standing.choice != control.choice:
        several = "people cannot choose several classes" if control.choice == MULTIPLE else SEVERAL_OF_ONE
        sentences.append(
            f"The question {control.name!r} takes {standing.choice or 'single'} instead of {control.choice or 'single'} choices in "
            f"Label Studio; {several}: {MEND}."
        )
    return sentences + _differences_of_choices(control, standing)


def _differences_of_choices(control: _Control, standing: _Control) -> list[str]:
    """Choices that are gone, and those that were added, as pairs where one seems to be the other's new name."""
    gone = [name for name in control.choices if name not in standing.choices]
    added = [name for name in standing.choices if name not in control.choices]
    renamed = [] if len(control.choices) > len(standing.choices) else _renamed(control, standing)
    sentences = [
        f"{before!r} is called {after!r} in Label Studio: set it back there (Settings, Labeling Interface), or take the name over "
        f"from the next night on: rename it in `classes` and add `renamed_classes: {{{before}: {after}}}` to the project file."
        for before, after in renamed
    ]
    gone = [name for name in gone if name not in {before for before, _ in renamed}]
    added = [name for name in added if name not in {after for _, after in renamed}]
    if gone:
        sentences.append(f"Label Studio no longer offers {_listed(gone)}: put it back there, or take it out of `classes`.")
    if added:
        sentences.append(
            f"Label Studio also offers {_listed(added)}, which is no class of the project: answers with it give no label. "
            "Add it to `classes` from the next night on, or remove it there."
        )
    return sentences


def _renamed(control: _Control, standing: _Control) -> list[tuple[str, str]]:
    """A gone choice and the new one in its place."""
    pairs = zip(control.choices, standing.choices, strict=False)
    return [(one, other) for one, other in pairs if one not in standing.choices and other not in control.choices]


def _successor(control: _Control, there: Mapping[str, _Control]) -> str | None:
    """The one control of the same sort under another name, of the control that is gone."""
    if control.name in there:
        return None
    alike = [one.name for one in there.values() if one.tag == control.tag and set(one.choices) & set(control.choices)]
    return alike[0] if len(alike) == 1 else None


def _controls(form: ET.Element) -> Iterator[_Control]:
    for one in form.iter():
        if one.get("toName"):
            names = [choice.get("alias") or choice.get("value") or "" for choice in one.iter() if choice is not one]
            yield _Control(one.tag, one.get("name", ""), one.get("choice", ""), tuple(name for name in names if name))


def _images(form: ET.Element) -> set[tuple[str, str]]:
    return {(one.get("name", ""), one.get("value", "")) for one in form.iter("Image")}


def _other_image(wanted: set[tuple[str, str]], found: set[tuple[str, str]]) -> str:
    shown = ", ".join(f"{name}={value}" for name, value in sorted(found)) or "no image"
    asked = ", ".join(f"{name}={value}" for name, value in sorted(wanted))
    return f"The form in Label Studio shows {shown} instead of {asked}, so people may see another image or none: {MEND}."


def _listed(names: list[str]) -> str:
    return ", ".join(repr(name) for name in names)
