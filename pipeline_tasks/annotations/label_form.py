"""The form that people answer in Label Studio, made from a project's settings."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from xml.sax.saxutils import quoteattr

from pipeline_tasks.kinds.kind import Kind


@dataclass(frozen=True)
class LabelForm:
    """A label configuration: what is asked, and the digest that names it."""

    xml: str
    digest: str
    """Digests the label kind, what it asks (classes in their order) and the question, not the layout."""


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
