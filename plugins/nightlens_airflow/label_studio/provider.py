"""Connection type and link of Label Studio, for Airflow's list of providers."""

from __future__ import annotations

from typing import Any

_ROOM = "nightlens_airflow.label_studio"


def connection_types() -> list[dict[str, Any]]:
    """The connection type with its form."""
    return [
        {
            "connection-type": "label_studio",
            "hook-class-name": f"{_ROOM}.hook.LabelStudioHook",
            "hook-name": "Label Studio",
            "ui-field-behaviour": {
                "hidden-fields": ["login"],
                "relabeling": {"password": "API token", "schema": "Scheme", "host": "Host"},
                "placeholders": {
                    "host": "labels.example.com, or https://labels.example.com",
                    "schema": "https; http if it is left empty",
                    "password": "personal access token (Account & Settings), or a legacy token",
                },
            },
            "conn-fields": {
                "requests_per_minute": {
                    "label": "Requests per minute",
                    "description": "Most requests that the triggers of one triggerer send, however many wait (60).",
                    "schema": {"type": ["number", "null"], "exclusiveMinimum": 0},
                },
                "webhook_port": {
                    "label": "Webhook port",
                    "description": "Port of the triggerer for Label Studio's webhooks, hints to look earlier; empty: none.",
                    "schema": {"type": ["integer", "null"], "minimum": 1, "maximum": 65535},
                },
                "webhook_host": {
                    "label": "Webhook address",
                    "description": "Address of the triggerer at which it listens (127.0.0.1); 0.0.0.0 is each of its addresses.",
                    "schema": {"type": ["string", "null"]},
                },
                "webhook_secret": {
                    "label": "Webhook secret",
                    "description": "Header X-Webhook-Secret that Label Studio's webhook must send (16 characters or more).",
                    "schema": {"type": ["string", "null"], "format": "password"},
                },
            },
        }
    ]


def extra_links() -> list[str]:
    """The link buttons of the operators."""
    return [f"{_ROOM}.link.LabelStudioProjectLink"]
