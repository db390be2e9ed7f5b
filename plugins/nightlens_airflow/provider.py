"""Provider entry point, without which Airflow does not show Nightlens's connection types."""

from __future__ import annotations


def get_provider_info() -> dict[str, str]:
    """Metadata for Airflow's list of providers."""
    return {
        "package-name": "nightlens",
        "name": "Nightlens",
        "description": "Turns a stream of raw images into a better vision model every night.",
    }
