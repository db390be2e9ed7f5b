"""Provider entry point, without which Airflow does not show Nightlens's connection types."""

from __future__ import annotations

from typing import Any

from nightlens_airflow.cvat import provider as cvat
from nightlens_airflow.label_studio.provider import connection_types, extra_links


def get_provider_info() -> dict[str, Any]:
    """Metadata for Airflow's list of providers."""
    return {
        "package-name": "nightlens",
        "name": "Nightlens",
        "description": "Turns a stream of raw images into a better vision model every night.",
        "connection-types": [*connection_types(), *cvat.connection_types()],
        "extra-links": extra_links(),
    }
