"""Versions of a model's description of itself: texts among the properties of its ONNX file."""

from __future__ import annotations

from collections.abc import Mapping

from pipeline_tasks.upgrades import forms

_VERSION, _RELEASE = "nightlens_form_version", "nightlens_form_release"


def marked_properties(properties: Mapping[str, str]) -> dict[str, str]:
    """Properties as they are written."""
    form = forms.MODEL_PROPERTIES
    marks = {} if form.version == 1 else {_VERSION: str(form.version), _RELEASE: form.release}
    return {**properties, **marks}


def upgraded_properties(properties: Mapping[str, str], where: str) -> dict[str, str]:
    """Convert properties of any release to today's version.

    Raises:
        NewerFormError: a later Nightlens wrote them.
    """
    version, release = int(properties.get(_VERSION, "1")), properties.get(_RELEASE)
    content = {name: value for name, value in properties.items() if name not in (_VERSION, _RELEASE)}
    return forms.MODEL_PROPERTIES.upgraded(content, version, release, where)
