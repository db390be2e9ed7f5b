"""Hook to a CVAT server."""

from __future__ import annotations

from airflow.sdk import BaseHook

from nightlens_airflow.cvat.server import CvatServer
from pipeline_tasks.errors import NightlensError, SettingsError


class CvatHook(BaseHook):
    """Client of the server that an Airflow connection names; the password is an access token of CVAT."""

    conn_name_attr = "cvat_conn_id"
    default_conn_name = "cvat_default"
    conn_type = "cvat"
    hook_name = "CVAT"

    def __init__(self, cvat_conn_id: str = default_conn_name) -> None:
        """Connect lazily."""
        super().__init__()
        self.cvat_conn_id = cvat_conn_id

    def url(self) -> str:
        """The server's address.

        Raises:
            SettingsError: the connection names no host.
        """
        connection = self.get_connection(self.cvat_conn_id)
        if not connection.host:
            raise SettingsError(f"connection {self.cvat_conn_id}: wanted a host, found none; edit it under Admin, Connections")
        host = connection.host if "://" in connection.host else f"{connection.schema or 'http'}://{connection.host}"
        return host.rstrip("/") + (f":{connection.port}" if connection.port else "")

    def get_conn(self) -> CvatServer:
        """The server."""
        return CvatServer(self.url(), self.get_connection(self.cvat_conn_id).password or "")

    def test_connection(self) -> tuple[bool, str]:
        """Ask for the server's version, for the button of the connection form."""
        try:
            return True, f"CVAT {self.get_conn().about()} responds."
        except NightlensError as error:
            return False, str(error)
