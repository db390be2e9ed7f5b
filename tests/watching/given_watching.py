"""The files in docker/ of Prometheus and Grafana, and the queries in them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

DOCKER = Path(__file__).parent.parent.parent / "docker"
DASHBOARDS = sorted((DOCKER / "grafana/dashboards").glob("*.json"))


def read_json(path: Path) -> Any:
    return json.loads(path.read_text())


def read_yaml(name: str) -> Any:
    return yaml.safe_load((DOCKER / name).read_text())


def panels(dashboard: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The panels that show something."""
    return [panel for panel in dashboard["panels"] if panel["type"] != "row"]


def queries() -> Iterator[tuple[str, str]]:
    """Title of a panel and its query, with Grafana's variables filled in: all projects, and a minute to take rates over."""
    for path in DASHBOARDS:
        for panel in panels(read_json(path)):
            for target in panel["targets"]:
                yield panel["title"], target["expr"].replace("$project", ".*").replace("$__rate_interval", "1m")


def alerts() -> list[dict[str, Any]]:
    return [rule for group in read_yaml("prometheus/alerts.yml")["groups"] for rule in group["rules"]]


def metric_names(query: str) -> set[str]:
    return set(re.findall(r"\bnightlens_[a-z_]+", query))
