"""An undisturbed search, run once for the tests of all stages of a search."""

from __future__ import annotations

import pytest
from given_search import Search


@pytest.fixture(scope="package")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Search:
    search = Search(tmp_path_factory.mktemp("undisturbed"))
    search.whole()
    search.choose()
    return search
