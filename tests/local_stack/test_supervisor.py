"""Tests of the services: ended in the order of their dependencies, without secrets in their arguments."""

from __future__ import annotations

from local_stack.addresses import read_addresses
from local_stack.folders import Folders
from local_stack.kept_json import read_json
from local_stack.ports import S3_PORTS, keep_ports
from local_stack.prediction_service import prediction_services
from local_stack.processes import SERVICE_MARK, STACK_MARK
from local_stack.supervisor import fixed_services, stop_waves


def test_stop_waves__triggerer_first_and_postgres_last(prepared: Folders) -> None:
    names = [service.name for service in fixed_services(prepared)]
    assert stop_waves([*names, "prediction-parts"]) == [
        ["airflow-triggerer", "airflow-dag-processor"],
        ["airflow-scheduler"],
        ["airflow-migrate", "airflow-api-server", "label-studio", "mlflow", "prediction-parts"],
        ["postgres"],
    ]


def test_s3_server__runs_only_where_it_was_asked_for_and_ends_last(prepared: Folders) -> None:
    assert "s3" not in [service.name for service in fixed_services(prepared)]
    ports = keep_ports(prepared, S3_PORTS)

    (s3,) = [service for service in fixed_services(prepared) if service.name == "s3"]

    assert f"-s3.port={ports['s3']}" in s3.command
    assert not {"test", *secret_keys(prepared)} & set(s3.command)
    assert stop_waves(["s3", "postgres", "prediction-parts"])[-1] == ["postgres", "s3"]


def test_prediction_server__of_a_root_on_the_stacks_s3_server_is_told_the_way(prepared: Folders) -> None:
    keep_ports(prepared, S3_PORTS)
    text = "project: {0}\nroot: s3://nightlens/{0}\nconnections: {{s3: {1}}}\n"
    for name, connection in (("own", "nightlens_s3"), ("other", "elsewhere")):
        (prepared.home / "projects" / f"{name}.yaml").write_text(text.format(name, connection))

    services = prediction_services(prepared)

    s3 = read_addresses(prepared.home).s3
    assert s3 is not None
    assert services["own"].environment["NIGHTLENS_S3_URL"] == s3.url
    assert services["own"].environment["AWS_SECRET_ACCESS_KEY"] == s3.secret_key
    assert "NIGHTLENS_S3_URL" not in services["other"].environment


def secret_keys(folders: Folders) -> set[str]:
    return set(read_json(folders.secrets_file).values())


def test_stop_waves__skip_services_that_do_not_run() -> None:
    assert stop_waves(["postgres", "mlflow"]) == [["mlflow"], ["postgres"]]
    assert stop_waves([]) == []


def test_fixed_services__show_no_secret_in_arguments_or_repr(prepared: Folders) -> None:
    secrets = read_json(prepared.secrets_file).values()
    for service in fixed_services(prepared):
        shown = " ".join(service.command) + repr(service)
        assert not [secret for secret in secrets if secret in shown], service.name


def test_fixed_services__carry_the_marks_by_which_their_processes_are_found(prepared: Folders) -> None:
    for service in fixed_services(prepared):
        assert service.environment[STACK_MARK] == prepared.digest
        assert service.environment[SERVICE_MARK] == service.name


def test_fixed_services__ignore_settings_of_the_environment(prepared: Folders, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.setenv("AIRFLOW__CORE__EXECUTOR", "SequentialExecutor")
    monkeypatch.setenv("PGPASSWORD", "of another server")
    for service in fixed_services(prepared):
        assert "AIRFLOW__CORE__EXECUTOR" not in service.environment
        assert "PGPASSWORD" not in service.environment


def test_fixed_services__listen_on_loopback_only(prepared: Folders) -> None:
    commands = {service.name: service.command for service in fixed_services(prepared)}
    assert "127.0.0.1" in commands["mlflow"]
    assert "127.0.0.1" in commands["label-studio"]
    assert "--skip-serve-logs" in commands["airflow-scheduler"]
    assert "--skip-serve-logs" in commands["airflow-triggerer"]
