"""An undisturbed pretraining, run once for the tests of all stages of a pretraining."""

from __future__ import annotations

import pytest
from given_pretraining_cycle import Pretraining


@pytest.fixture(scope="package")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Pretraining:
    pretraining = Pretraining(tmp_path_factory.mktemp("undisturbed"))
    pretraining.whole()
    return pretraining
