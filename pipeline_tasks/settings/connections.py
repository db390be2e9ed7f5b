"""Names of connections."""

from __future__ import annotations

from pydantic import Field

from pipeline_tasks.settings.section import Settings


class ConnectionSettings(Settings):
    """Names of connections; addresses and secrets are kept elsewhere (Airflow, or the environment)."""

    label_studio: str = "nightlens_label_studio"
    mlflow: str = "nightlens_mlflow"
    s3: str | None = Field(None, description="An Amazon connection, for a root on S3; any S3-compatible endpoint.")
    prediction_server: str | None = None
