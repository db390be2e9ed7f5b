"""Tests of the table of `make status`."""

from __future__ import annotations

from local_stack.folders import Folders
from local_stack.logs import MAX_LOG_BYTES, bound_logs, last_line, last_lines
from local_stack.status import logins, status, table


def test_table__shows_a_dead_service_with_the_last_lines_of_its_log() -> None:
    ready = {"state": "ready", "pid": 41, "address": "127.0.0.1:5000", "restarts": 0, "detail": ""}
    dead = {"state": "dead", "pid": None, "address": "", "restarts": 4, "detail": "ended with code 1: no such module"}
    assert table({"mlflow": ready, "airflow-triggerer": dead}) == [
        "service            state  pid  address         restarts",
        "mlflow             ready  41   127.0.0.1:5000",
        "airflow-triggerer  dead                        4         ended with code 1: no such module",
    ]


def test_status__of_a_stack_that_is_not_up(folders: Folders) -> None:
    assert status(folders) == ("nothing is running", False)


def test_logins__name_every_page(prepared: Folders) -> None:
    text = logins(prepared)
    assert [line.split("  ")[0] for line in text.splitlines()] == ["Airflow", "Label Studio", "MLflow"]


def test_last_lines__skip_empty_ones_and_need_no_log(folders: Folders) -> None:
    log = folders.log_file("mlflow")
    assert last_line(log) == ""
    log.write_text("one\n\ntwo\n\n   \n")
    assert last_lines(log, 5) == ["one", "two"]
    assert last_line(log) == "two"


def test_bound_logs__moves_a_long_log_aside(folders: Folders) -> None:
    log, short = folders.log_file("long"), folders.log_file("short")
    log.write_bytes(b"x" * (MAX_LOG_BYTES + 1))
    short.write_text("kept")
    bound_logs(folders.logs)
    assert log.stat().st_size == 0
    assert log.with_suffix(".log.1").stat().st_size == MAX_LOG_BYTES + 1
    assert short.read_text() == "kept"
