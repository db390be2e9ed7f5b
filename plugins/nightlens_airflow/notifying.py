"""Callback for failed DAG runs: off until `NIGHTLENS_ON_FAILURE` names a notifier as `module:attribute`."""

from __future__ import annotations

import importlib
import logging
import os
from collections.abc import Callable
from typing import Any

SETTING = "NIGHTLENS_ON_FAILURE"

logger = logging.getLogger(__name__)


def failure_callback() -> Callable[[Any], None] | None:
    """The callback of every DAG; None if no notifier is set."""
    return run_failed if os.environ.get(SETTING) else None


def run_failed(context: Any) -> None:
    """Hand Airflow's context to the notifier: a function, or one of Airflow's notifiers (e-mail, Slack and others).

    A notifier that is named wrongly is logged in the DAG processor's log; it must not keep DAG files from being read.
    """
    named = os.environ.get(SETTING, "")
    module, _, attribute = named.partition(":")
    try:
        notify = getattr(importlib.import_module(module), attribute)
    except (ImportError, AttributeError, ValueError) as error:
        logger.error("%s: wanted a notifier as module:attribute, found %r: %s", SETTING, named, error)
        return
    notify(context)
