"""Tests that ports are kept, and that a port in use is reported."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from local_stack.checks import refuse_used_ports
from local_stack.errors import StackError
from local_stack.folders import Folders
from local_stack.ports import SERVICE_PORTS, holder, is_free, keep_ports


def test_keep_ports__chooses_once_and_keeps(folders: Folders) -> None:
    first = keep_ports(folders, SERVICE_PORTS)
    assert len(set(first.values())) == len(SERVICE_PORTS)
    again = keep_ports(folders, [*SERVICE_PORTS, "prediction_server_parts"])
    assert {name: again[name] for name in first} == first
    assert again["prediction_server_parts"] not in first.values()


def test_keep_ports__stays_below_the_ports_of_outgoing_connections(folders: Folders) -> None:
    lowest = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    assert all(port < max(lowest, 25_000) for port in keep_ports(folders, SERVICE_PORTS).values())


def test_refuse_used_ports__names_service_port_holder_and_what_to_do(folders: Folders) -> None:
    with socket.socket() as somebody:
        somebody.bind(("127.0.0.1", 0))
        somebody.listen()
        port = somebody.getsockname()[1]
        assert not is_free(port)
        assert f"process {os.getpid()} (" in holder(port)
        with pytest.raises(StackError) as caught:
            refuse_used_ports(folders, {"mlflow": port})
    message = str(caught.value)
    assert message.startswith(f"mlflow: its port {port} is used by process {os.getpid()}")
    assert str(folders.ports_file) in message
    assert "\n" not in message


def test_refuse_used_ports__accepts_free_ports(folders: Folders) -> None:
    refuse_used_ports(folders, keep_ports(folders, SERVICE_PORTS))


def test_holder__of_an_unknown_process_is_another_process() -> None:
    assert holder(1) == "another process"
