"""Tells Airflow that Nightlens is a provider: the entry point without which Airflow shows no connection type of ours."""

from __future__ import annotations

from typing import Any


def get_provider_info() -> dict[str, Any]:
    """What Airflow's provider list shows."""
    return {
        "package-name": "nightlens",
        "name": "Nightlens",
        "description": "Turns a stream of raw images into a better vision model every night.",
    }
