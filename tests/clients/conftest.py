"""Fixtures for tests of clients: one real Label Studio a session."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from clients.label_studio_server import RealLabelStudio, real_label_studio


@pytest.fixture(scope="session")
def label_studio_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealLabelStudio]:
    """A Label Studio that answers; started at most once."""
    with real_label_studio(tmp_path_factory.mktemp("label-studio")) as server:
        yield server
