"""Backs a running stack up, restores it into an empty home beside it, starts that, and compares; `make drill-backup`.

NIGHTLENS_HOME must be one in which `make demo` has run and that is up, with no cycle under way. Compared are every object of each
root, byte for byte, what the three services answer, the prediction server's model, and `verify_store` and `versions verify`.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import httpx

from demo.airflow import Airflow
from local_stack import backup, stack
from local_stack.addresses import Addresses, read_addresses
from local_stack.folders import REPOSITORY
from local_stack.project_files import project_roots
from pipeline_tasks.storage.care.backup import is_left_out
from pipeline_tasks.storage.objects.disk_objects import DiskObjects


def main() -> int:
    """Run the drill; 0 if the restored stack is the one that was backed up."""
    home = Path(os.environ.get("NIGHTLENS_HOME", ".nightlens")).resolve()
    with tempfile.TemporaryDirectory(prefix="drill-backup-") as folder:
        place, other = Path(folder) / "place", Path(folder) / "home"
        timed("back_up", lambda: backup.back_up(home, place, say=say))
        timed("back_up once more", lambda: backup.back_up(home, place, say=say))
        timed("restore", lambda: backup.restore(other, place, say=say))
        timed("up", lambda: stack.up(other, say=say))
        try:
            wrong = compare(home, other)
        finally:
            stack.reset(other, say=say)
    for line in wrong:
        say(f"WRONG  {line}")
    say("the restored stack is the one that was backed up" if not wrong else f"{len(wrong)} differences")
    return 1 if wrong else 0


def compare(home: Path, other: Path) -> list[str]:
    """Differences between two homes whose stacks are up."""
    wrong: list[str] = []
    roots, others = project_roots(home), project_roots(other)
    for project in roots:
        wrong += compare_roots(project, Path(roots[project]), Path(others[project]))
        wrong += verified(other, project, ["verify_store"])
        for dataset_id in versions(other, project):
            wrong += verified(other, project, ["versions", "verify", dataset_id, "--full"])
    one, two = read_addresses(home), read_addresses(other)
    for name, ask in {"Airflow": dag_runs, "Label Studio": annotations, "MLflow": registered, "prediction server": served}.items():
        before, after = ask(one), ask(two)
        say(f"{name}: {len(before)} before, {len(after)} after, equal: {before == after}")
        wrong += [] if before == after and before else [f"{name}: differs, or there is nothing to compare"]
    return wrong


def compare_roots(project: str, root: Path, other: Path) -> list[str]:
    """Objects that are not the same in both roots, but for caches."""
    before, after = digests(root), digests(other)
    kept = {key: digest for key, digest in before.items() if not is_left_out(key)}
    folders = sorted({key.split("/")[0] for key in kept})
    say(f"root of {project}: {len(kept)} objects in {', '.join(folders)}; equal: {kept == {key: after.get(key) for key in kept}}")
    return [f"{project}: {key} differs" for key, digest in kept.items() if after.get(key) != digest][:5]


def digests(root: Path) -> dict[str, str]:
    """Key → sha256 of every object."""
    objects = DiskObjects(root)
    return {key: hashlib.sha256(objects.read(key).content).hexdigest() for key in objects.list("")}


def versions(home: Path, project: str) -> list[str]:
    """The dataset_ids that the restored root lists."""
    listed = tool(home, project, ["versions", "list", "--json"])
    return [version["dataset_id"] for version in json.loads(listed.stdout)["versions"]]


def verified(home: Path, project: str, command: list[str]) -> list[str]:
    """Problems of the restored root, found by a command-line tool."""
    done = tool(home, project, command)
    say(f"{' '.join(command)} of {project}: {'fine' if done.returncode == 0 else 'NOT fine'}: {done.stdout.strip()[-200:]}")
    return [] if done.returncode == 0 else [f"{command} of {project}: {done.stderr[-500:]}"]


def tool(home: Path, project: str, command: list[str]) -> subprocess.CompletedProcess[str]:
    """Run a tool of the command line on a home."""
    environment = {**os.environ, "NIGHTLENS_HOME": str(home)}
    words = [sys.executable, "-m", "pipeline_tasks", *command, "--project", project]
    return subprocess.run(words, env=environment, capture_output=True, text=True, check=False, cwd=REPOSITORY)


def dag_runs(addresses: Addresses) -> dict[str, str]:
    """DAG run → its state."""
    airflow = Airflow(addresses.airflow_url, addresses.airflow_user, addresses.airflow_password)
    listed = airflow._ask("GET", "/api/v2/dags/~/dagRuns?limit=100").json()["dag_runs"]
    airflow.close()
    return {f"{run['dag_id']} {run['dag_run_id']}": str(run["state"]) for run in listed}


def annotations(addresses: Addresses) -> dict[str, str]:
    """Answer → its result and who gave it, of all projects."""
    headers = {"Authorization": f"Token {addresses.label_studio_token}"}
    with httpx.Client(base_url=addresses.label_studio_url, headers=headers, timeout=120, trust_env=False) as client:
        found: dict[str, str] = {}
        for project in got(client, "/api/projects", page_size=100)["results"]:
            for task in got(client, f"/api/projects/{project['id']}/export", exportType="JSON"):
                for one in task["annotations"]:
                    found[f"{project['title']} {one['id']}"] = f"{one['completed_by']} {one['result']}"
    return found


def registered(addresses: Addresses) -> dict[str, str]:
    """Registered version → its stage aliases, tags and run."""
    with httpx.Client(base_url=addresses.mlflow_url, timeout=60, trust_env=False) as client:
        versions = got(client, "/api/2.0/mlflow/model-versions/search", max_results=100).get("model_versions", [])
    return {f"{one['name']} {one['version']}": f"{one.get('aliases')} {one.get('tags')} {one['run_id']}" for one in versions}


def served(addresses: Addresses) -> dict[str, str]:
    """Project → the digest that its prediction server answers with."""
    found = {}
    for project, url in addresses.prediction_servers.items():
        response = wait_for_model(url)
        found[project] = str(response.get("model_digest"))
    return found


def wait_for_model(url: str, within_s: float = 30.0) -> dict[str, Any]:
    """State of the server, as soon as it serves a model."""
    until, said = time.monotonic() + within_s, dict[str, Any]()
    while time.monotonic() < until and not said.get("model_digest"):
        response = httpx.get(f"{url}/readyz", timeout=10, trust_env=False)
        said = response.json() if "json" in response.headers.get("content-type", "") else {}
        time.sleep(0.5)
    return said


def got(client: httpx.Client, path: str, **parameters: Any) -> Any:
    """An answer of a service."""
    return client.get(path, params=parameters).raise_for_status().json()


def timed(name: str, act: Any) -> None:
    """Do it and say how long it took."""
    begin = time.monotonic()
    act()
    say(f"{name}: {time.monotonic() - begin:.1f} s")


def say(line: str) -> None:
    """Log a line."""
    print(line, flush=True)  # noqa: T201 - a drill's output is its log.


if __name__ == "__main__":
    sys.exit(main())
