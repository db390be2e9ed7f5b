from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families
from watching.given_watching import DASHBOARDS, DOCKER, alerts, metric_names, panels, queries, read_json, read_yaml

from pipeline_tasks.kinds.logged_prediction import LoggedPrediction
from pipeline_tasks.serving.metrics import Metrics

ALERTS_TEST = Path(__file__).parent / "alerts_test.yml"
GRID = 24
UNITS = {"none", "reqps", "ops", "percentunit", "s", "bytes"}


def promtool(*arguments: str) -> None:
    if shutil.which("promtool") is None:
        pytest.skip("promtool is not installed: apt-get install prometheus")
    ran = subprocess.run(["promtool", *arguments], capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr


@pytest.fixture(scope="module")
def exported() -> set[str]:
    """Names of the series of a server that has predicted."""
    metrics = Metrics()
    metrics.count_prediction(LoggedPrediction("", "", "", {"probability": 0.5}, route="champion"), "bolt")
    families = text_string_to_metric_families(metrics.as_text().decode())
    return {sample.name for family in families for sample in family.samples}


def test_configuration__is_one_that_prometheus_reads() -> None:
    promtool("check", "config", str(DOCKER / "prometheus/prometheus.yml"))


def test_alerts__fire_when_they_should_and_only_then() -> None:
    promtool("test", "rules", str(ALERTS_TEST))


def test_alerts__are_all_tested() -> None:
    tests = yaml.safe_load(ALERTS_TEST.read_text())["tests"]
    fired = {case["alertname"] for test in tests for case in test["alert_rule_test"] if case.get("exp_alerts")}

    assert fired == {alert["alert"] for alert in alerts()}


def test_alerts__say_whose_and_what_to_do() -> None:
    for alert in alerts():
        summary, description = alert["annotations"]["summary"], alert["annotations"]["description"]
        assert summary[-1] + description[-1] == "..", alert["alert"]
        assert "$labels" in summary, alert["alert"]
        assert alert["labels"]["severity"] in ("warning", "critical")


def test_queries__name_only_what_a_server_exports(exported: set[str]) -> None:
    asked = [*queries(), *((alert["alert"], alert["expr"]) for alert in alerts())]

    assert {(title, name) for title, query in asked for name in metric_names(query) - exported} == set()


@pytest.mark.parametrize("path", DASHBOARDS, ids=lambda path: path.stem)
def test_dashboard__is_whole(path: Path) -> None:
    dashboard, (source,) = read_json(path), read_yaml("grafana/provisioning/datasources/prometheus.yml")["datasources"]
    ids = [panel["id"] for panel in dashboard["panels"]]

    assert len(ids) == len(set(ids))
    assert dashboard["uid"]
    assert dashboard["editable"] is False
    for panel in panels(dashboard):
        assert panel["title"], panel["id"]
        assert panel["description"].endswith("."), panel["title"]
        assert panel["fieldConfig"]["defaults"]["unit"] in UNITS, panel["title"]
        assert panel["datasource"]["uid"] == source["uid"], panel["title"]
        assert [target["refId"] for target in panel["targets"]] == list("ABC"[: len(panel["targets"])]), panel["title"]
        assert all(target["legendFormat"] and "$project" in target["expr"] for target in panel["targets"]), panel["title"]
    assert {variable["name"] for variable in dashboard["templating"]["list"]} == set(
        re.findall(r"\$(?!__)(\w+)", " ".join(target["expr"] for panel in panels(dashboard) for target in panel["targets"]))
    )


@pytest.mark.parametrize("path", DASHBOARDS, ids=lambda path: path.stem)
def test_dashboard__has_panels_side_by_side_and_none_over_another(path: Path) -> None:
    taken: dict[tuple[int, int], str] = {}
    for panel in read_json(path)["panels"]:
        place = panel["gridPos"]
        assert place["x"] in range(GRID - place["w"] + 1), panel["title"]
        for x in range(place["x"], place["x"] + place["w"]):
            for y in range(place["y"], place["y"] + place["h"]):
                assert taken.setdefault((x, y), panel["title"]) == panel["title"]


def test_dashboards__name_alerts_that_there_are() -> None:
    names = {alert["alert"] for alert in alerts()}
    said = {name for path in DASHBOARDS for name in re.findall(r"Alert: (\w+)", path.read_text())}

    assert said <= names
    assert said


def test_containers__mount_what_they_are_told_to_read() -> None:
    services: dict[str, Any] = read_yaml("compose.yaml")["services"]
    mounted = {
        volume.split(":")[1]: volume.split(":")[0] for name in ("prometheus", "grafana") for volume in services[name]["volumes"]
    }
    (provider,) = read_yaml("grafana/provisioning/dashboards/nightlens.yml")["providers"]
    (source,) = read_yaml("grafana/provisioning/datasources/prometheus.yml")["datasources"]
    targets = read_yaml("prometheus/prometheus.yml")["scrape_configs"][0]["static_configs"][0]["targets"]

    assert (DOCKER / mounted[provider["options"]["path"]]) == DOCKER / "grafana/dashboards"
    assert (DOCKER / mounted["/etc/grafana/provisioning"]) == DOCKER / "grafana/provisioning"
    assert (DOCKER / mounted["/etc/prometheus"]) == DOCKER / "prometheus"
    assert source["url"] == "http://prometheus:9090"
    assert {target.split(":")[0] for target in targets} <= set(services)
    for name in ("prometheus", "grafana"):
        assert services[name]["profiles"] == ["watch"], "nobody gets them who did not ask"
        assert re.fullmatch(r"[a-z/]+:v?\d+\.\d+\.\d+", services[name]["image"])
        assert all(port.startswith("127.0.0.1:") for port in services[name]["ports"])
