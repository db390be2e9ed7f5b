"""Web app for cycle reports inside Airflow: a list and each report, for logged-in users who may read the DAG."""

from __future__ import annotations

from typing import Annotated

from airflow.api_fastapi.app import get_auth_manager
from airflow.api_fastapi.core_api.security import GetUserDep, requires_access_dag
from fastapi import Depends, FastAPI, Query
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from nightlens_airflow.web import cycle_reports, original_images, pages, promotions_page
from pipeline_tasks.errors import NightlensError, SettingsError
from pipeline_tasks.records.cycle import check_cycle_id
from pipeline_tasks.records.open_cycle import OpenCycleSummary
from pipeline_tasks.wiring.projects import project_files, read_project

HEADERS = {
    # A report contains text from annotators and file names, so it must not run, load or send anything.
    "Content-Security-Policy": "default-src 'none'; img-src 'self' data:; style-src 'unsafe-inline'; font-src data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'self'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "private, no-store",
}
DAG_PREFIXES = ("nightly__", "roll_back__", "tend_storage__", "backfill__", "import_dataset__")


def make_app() -> FastAPI:
    """The app below /nightlens. Every page checks Airflow's login and returns 401 without one."""
    app = FastAPI(title="Nightlens", docs_url=None, redoc_url=None, openapi_url=None)
    app.get("/reports", response_class=HTMLResponse)(show_reports)
    app.get("/promotions", response_class=HTMLResponse)(show_promotions)
    app.get("/report", response_class=HTMLResponse, dependencies=[Depends(requires_access_dag("GET"))])(show_report)
    app.get("/labeling_round", dependencies=[Depends(requires_access_dag("GET"))])(show_labeling_round)
    app.get("/image", dependencies=[Depends(requires_access_dag("GET"))])(show_image)
    return app


def readable_dags(user: GetUserDep) -> set[str]:
    """Ids of the DAGs that the user may read; 401 without a login."""
    return get_auth_manager().get_authorized_dag_ids(user=user, method="GET")


def show_reports(readable: Annotated[set[str], Depends(readable_dags)]) -> HTMLResponse:
    """List the cycles of all projects whose nightly DAG the user may read."""
    names = [name for name in sorted(project_files()) if f"nightly__{name}" in readable]
    return _html(pages.list_page({name: _cycles(name) for name in names}))


def show_promotions(readable: Annotated[set[str], Depends(readable_dags)]) -> HTMLResponse:
    """Show every promotion, refusal and roll-back of all projects whose nightly DAG the user may read."""
    names = [name for name in sorted(project_files()) if f"nightly__{name}" in readable]
    return _html(promotions_page.promotions_page({name: promotions_page.rows_of(name) for name in names}))


def show_report(
    dag_id: Annotated[str, Query()], run_id: Annotated[str | None, Query()] = None, cycle_id: Annotated[str | None, Query()] = None
) -> HTMLResponse:
    """Show the report of a DAG run or of a cycle, or a message if there is none yet."""
    try:
        report = _report(dag_id, run_id, cycle_id)
    except NightlensError as error:
        return _html(pages.no_report_page(str(error)), status=404)
    return _html(report)


def show_labeling_round(dag_id: Annotated[str, Query()], run_id: Annotated[str, Query()]) -> Response:
    """Go to the labeling round of a DAG run, where it stands in Label Studio now; 404 if none was sent."""
    try:
        store = cycle_reports.open_root(_project_of(dag_id))
        url = cycle_reports.round_address(store, dag_id, run_id)
    except NightlensError as error:
        return _html(pages.no_round_page(str(error)), status=404)
    if url is None:
        return _html(pages.no_round_page("This run has sent no labeling round."), status=404)
    return RedirectResponse(url, status_code=303, headers=HEADERS)


def show_image(dag_id: Annotated[str, Query()], image_id: Annotated[str, Query(pattern="^[0-9a-f]{64}$")]) -> Response:
    """Send the original of an image that a report shows; 404 if the project does not have it."""
    try:
        store = cycle_reports.open_root(_project_of(dag_id))
        found = original_images.read_original_image(store, image_id)
    except NightlensError as error:
        return _html(pages.no_image_page(str(error)), status=404)
    place = "attachment" if found.media_type == "application/octet-stream" else "inline"
    headers = HEADERS | {"Content-Disposition": f'{place}; filename="{found.file_name}"'}
    return Response(found.content, media_type=found.media_type, headers=headers)


def _report(dag_id: str, run_id: str | None, cycle_id: str | None) -> str | bytes:
    store = cycle_reports.open_root(_project_of(dag_id))
    cycle_id = check_cycle_id(cycle_id) if cycle_id else cycle_reports.cycle_of_run(store, dag_id, run_id or "")
    if cycle_id is None:
        return pages.no_report_page("This run has not opened a cycle yet, so there is no report.")
    report = cycle_reports.read_report(store, cycle_id)
    if report is not None:
        return report
    opened = store.find_summary(cycle_id, OpenCycleSummary)
    kind = opened.cycle_kind if opened else "nightly"
    if not cycle_reports.writes_report(kind):
        return pages.no_report_page(f"Cycle {cycle_id}: {cycle_reports.why_no_report(store, cycle_id, kind)}")
    return pages.no_report_yet_page(
        f"Cycle {cycle_id}: {cycle_reports.why_no_report(store, cycle_id, kind)}", list(store.state().stages[cycle_id])
    )


def _project_of(dag_id: str) -> str:
    for prefix in DAG_PREFIXES:
        if dag_id.startswith(prefix) and dag_id.removeprefix(prefix) in project_files():
            return dag_id.removeprefix(prefix)
    raise SettingsError(f"{dag_id} is not the DAG of a Nightlens project, so it has no cycle reports.")


def _cycles(project: str) -> list[cycle_reports.CycleLine] | str:
    """A project's cycles, or the reason why they cannot be listed, so that one bad project does not break the list."""
    try:
        return cycle_reports.cycles(cycle_reports.open_root(project), read_project(project).time_zone)
    except NightlensError as error:
        return str(error)


def _html(content: str | bytes, status: int = 200) -> HTMLResponse:
    return HTMLResponse(content, status_code=status, headers=HEADERS)
