"""Fixtures for tests of clients: the Label Studio that the environment names, otherwise that of the shared stack."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from clients.label_studio_server import RealLabelStudio

if TYPE_CHECKING:
    from given_stack import RunningStack


@pytest.fixture(scope="session")
def label_studio_server(request: pytest.FixtureRequest) -> RealLabelStudio:
    """The server of NIGHTLENS_TEST_LABEL_STUDIO_URL, _TOKEN and _DOCUMENT_ROOT, else the stack's."""
    if url := os.environ.get("NIGHTLENS_TEST_LABEL_STUDIO_URL"):
        root = Path(os.environ["NIGHTLENS_TEST_LABEL_STUDIO_DOCUMENT_ROOT"])
        return RealLabelStudio(url, os.environ["NIGHTLENS_TEST_LABEL_STUDIO_TOKEN"], root)
    stack: RunningStack = request.getfixturevalue("running_stack")
    return RealLabelStudio(stack.addresses.label_studio_url, stack.addresses.label_studio_token, stack.document_root)
