"""Link button to a project in Label Studio."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow.sdk import BaseOperatorLink
from airflow.sdk.execution_time.xcom import XCom

if TYPE_CHECKING:
    from airflow.sdk import BaseOperator
    from airflow.sdk.types import TaskInstanceKey

LINK_KEY = "label_studio_url"
"""Key of the XCom that holds the address."""


class LabelStudioProjectLink(BaseOperatorLink):
    """Opens the project that a task worked on."""

    name = "Label Studio"

    def get_link(self, operator: BaseOperator, *, ti_key: TaskInstanceKey) -> str:
        """The address of the project; empty until the task has run."""
        found = XCom.get_value(ti_key=ti_key, key=LINK_KEY)
        return found if isinstance(found, str) else ""
