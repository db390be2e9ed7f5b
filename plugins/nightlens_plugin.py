"""Airflow plugin: link buttons of tasks, and the cycle report as a page and as a tab of the DAG run.

Every component of Airflow imports this file, so it stays light: the pages are built at the first request.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow.sdk.plugins_manager import AirflowPlugin
from nightlens_airflow.links import LINKS

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send


class Pages:
    """ASGI application that builds the real one at the first request."""

    def __init__(self) -> None:
        """Build nothing yet."""
        self._app: ASGIApp | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if self._app is None:
            from nightlens_airflow.web.app import make_app

            self._app = make_app()
        await self._app(scope, receive, send)


class NightlensPlugin(AirflowPlugin):
    """Nightlens's additions to Airflow's pages."""

    name = "nightlens"
    operator_extra_links = [link() for link in LINKS]
    fastapi_apps = [{"app": Pages(), "url_prefix": "/nightlens", "name": "Nightlens"}]
    external_views = [
        {
            "name": "Cycle reports",
            "href": "/nightlens/reports",
            "destination": "nav",
            "category": "browse",
            "url_route": "nightlens-reports",
        },
        {
            "name": "Promotions",
            "href": "/nightlens/promotions",
            "destination": "nav",
            "category": "browse",
            "url_route": "nightlens-promotions",
        },
        {
            "name": "Cycle report",
            "href": "/nightlens/report?dag_id={DAG_ID}&run_id={RUN_ID}",
            "destination": "dag_run",
            "url_route": "nightlens-report",
        },
    ]
