"""Connection type of CVAT, for Airflow's list of providers."""

from __future__ import annotations

from typing import Any


def connection_types() -> list[dict[str, Any]]:
    """The connection type with its form."""
    return [
        {
            "connection-type": "cvat",
            "hook-class-name": "nightlens_airflow.cvat.hook.CvatHook",
            "hook-name": "CVAT",
            "ui-field-behaviour": {
                "hidden-fields": ["login", "extra"],
                "relabeling": {"password": "Access token", "schema": "Scheme", "host": "Host"},
                "placeholders": {
                    "host": "cvat.example.com, or https://cvat.example.com",
                    "schema": "https; http if it is left empty",
                    "password": "access token (your account, Access tokens)",
                },
            },
        }
    ]
