"""Labeling form in Label Studio, from a project's settings."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from xml.sax.saxutils import quoteattr

from pipeline_tasks.kinds.kind import Kind


@dataclass(frozen=True)
class LabelForm:
    """A label configuration: the form, and its digest."""

    xml: str
    digest: str
    """Digest of the label kind, its content (classes in order) and the question, but not of the layout."""


def label_form(kind: Kind, question: str) -> LabelForm:
    """Ask one question about the image at `$picture`; names and question are escaped."""
    labeling = kind.labeling
    xml = (
        f"<View><Header value={quoteattr(question)}/>"
        '<Image name="picture" value="$picture" zoom="true" zoomControl="true"/>'
        f'{labeling.control_xml}<Header value={quoteattr(labeling.hint)} size="6"/></View>'
    )
    asked = json.dumps([kind.name, labeling.asked, question])
    return LabelForm(xml, hashlib.sha256(asked.encode()).hexdigest())
