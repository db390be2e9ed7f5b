"""Hook to a Label Studio server."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from airflow.sdk import BaseHook
from airflow.sdk.exceptions import AirflowException, AirflowFailException

from nightlens_airflow.label_studio.address import LabelStudioAddress, address_of
from pipeline_tasks.errors import NightlensError, ServiceUnavailableError

if TYPE_CHECKING:
    from pipeline_tasks.clients.label_studio import LabelStudio
    from pipeline_tasks.clients.label_studio_connection import Connection


class LabelStudioHook(BaseHook):
    """Client of the server that an Airflow connection names; the token is a personal access token, or a legacy one."""

    conn_name_attr = "label_studio_conn_id"
    default_conn_name = "label_studio_default"
    conn_type = "label_studio"
    hook_name = "Label Studio"

    def __init__(self, label_studio_conn_id: str = default_conn_name) -> None:
        """Connect lazily."""
        super().__init__()
        self.label_studio_conn_id = label_studio_conn_id

    def address(self) -> LabelStudioAddress:
        """Address, token and limits of the connection.

        Raises:
            SettingsError: the connection names no host.
        """
        return address_of(self.get_connection(self.label_studio_conn_id))

    def get_conn(self) -> LabelStudio:
        """A client that pushes exactly once and pulls what changed. Use it in a `with`."""
        from pipeline_tasks.clients.label_studio import LabelStudio

        address = self.address()
        return LabelStudio(address.url, address.token)

    def requests(self) -> Connection:
        """Plain requests to the server's API, for what the client does not have."""
        from pipeline_tasks.clients.label_studio_connection import Connection

        address = self.address()
        return Connection(address.url, address.token)

    def test_connection(self) -> tuple[bool, str]:
        """Ask the server who the token belongs to, for the button of the connection form."""
        try:
            requests = self.requests()
            person, version = requests.get("api/current-user/whoami"), requests.get("api/version")
        except NightlensError as error:
            return False, str(error)
        return True, f"Label Studio {version.get('release', '')} knows the token of account {person.get('id')}."


@contextmanager
def airflow_errors() -> Iterator[None]:
    """Turn errors that waiting mends into ones that Airflow retries, and all others into ones that fail the task."""
    try:
        yield
    except ServiceUnavailableError as error:
        raise AirflowException(str(error)) from error
    except NightlensError as error:
        raise AirflowFailException(str(error)) from error
