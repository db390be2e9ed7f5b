"""Services by name."""

from __future__ import annotations

from pipeline_tasks.errors import SettingsError
from pipeline_tasks.labeling_services import labelbox, mturk, scale
from pipeline_tasks.labeling_services.service import Service

BY_NAME = {
    "mturk": Service(mturk.KINDS, mturk.files, mturk.read),
    "scale": Service(scale.KINDS, scale.files, scale.read),
    "labelbox": Service(labelbox.KINDS, labelbox.files, labelbox.read),
}


def service_of(name: str, label_kind: str) -> Service:
    """The service of this name.

    Raises:
        SettingsError: it has nothing for this label kind.
    """
    service = BY_NAME[name]
    if label_kind not in service.kinds:
        held = ", ".join(service.kinds)
        raise SettingsError(
            f"label_kind: wanted one that files of {name} hold ({held}), found {label_kind!r}; people annotate it in Label Studio"
        )
    return service
