"""Fixtures for tests of clients: the Label Studio that the environment names, otherwise that of the shared stack."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from clients.label_studio_server import RealLabelStudio

if TYPE_CHECKING:
    from given_stack import RunningStack


@pytest.fixture(scope="session")
def label_studio_server(request: pytest.FixtureRequest) -> RealLabelStudio:
    """The server that the environment names, else the stack's."""
    if server := RealLabelStudio.of_environment():
        return server
    stack: RunningStack = request.getfixturevalue("running_stack")
    return RealLabelStudio(stack.addresses.label_studio_url, stack.addresses.label_studio_token, stack.document_root)
