"""Colours and keys that a project sets, in a labeling form, whatever its label kind."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Mapping, Sequence

from pipeline_tasks.settings.styles import NameStyle

_BAR = "border-left:8px solid {colour};padding-left:6px"


def with_styles(form: str, styles: Mapping[str, NameStyle]) -> str:
    """The form with these styles; as it is where it has them already.

    A label gets its background, a choice a bar. A key goes to the first label or choice of its name; whatever had it by default
    loses it. Labels of parts, `name: part`, get the colour only.
    """
    if not styles:
        return form
    root = ET.fromstring(form)
    names = [one for one in root.iter() if one.tag in ("Label", "Choice")]
    for one in names:
        # A label of a part, `name: part`, has the colour of its name.
        style = styles.get(one.get("value", "").partition(": ")[0]) or styles.get(one.get("value", ""))
        _colour(one, None if style is None else style.colour)
    for name, style in styles.items():
        _key(names, name, style.hotkey)
    same = ET.canonicalize(ET.tostring(root)) == ET.canonicalize(form)
    return form if same else ET.tostring(root, encoding="unicode")


def _key(names: Sequence[ET.Element], name: str, hotkey: str | None) -> None:
    """Give the key to the first of the name, and take it from all others."""
    first = next((one for one in names if one.get("value") == name), None)
    if hotkey is None or first is None:
        return
    for one in names:
        if one.get("hotkey") == hotkey:
            del one.attrib["hotkey"]
    first.set("hotkey", hotkey)


def _colour(one: ET.Element, colour: str | None) -> None:
    if colour is None:
        return
    if one.tag == "Label":
        one.set("background", colour)
    else:
        one.set("style", _BAR.format(colour=colour))
