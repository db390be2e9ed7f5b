"""The strategies that a project file, Airflow's form and the command line know, in words. Imports nothing: DAG files read it."""

from __future__ import annotations

STRATEGIES = {
    "auto": "covers, looks for the rare, and listens to the model as far as it can be trusted",
    "coverage": "what stands for most images that no label stands for",
    "diversity": "what lies farthest from everything labelled or picked",
    "typicality": "what is much like many others",
    "outliers": "rare and corner cases: far from even the nearest neighbours",
    "margin": "what the model wavers about between two classes",
    "entropy": "what the model spreads over many classes",
    "least_confidence": "where the model's best answer is weak",
    "bald": "what variants of the model answer differently",
    "class_balance": "classes with few labels, as far as the model can tell",
    "class_target": "classes that lack against selection.class_targets",
    "metadata_balance": "metadata that lack against selection.metadata_targets, or all alike",
    "metadata_weight": "metadata with a high selection.metadata_weights",
    "requirements": "what has fewer labels than selection.requirements",
    "similar_to": "more like the images of selection.similar_to",
    "away_from": "unlike the images of selection.away_from",
    "errors": "near labelled images that the model gets wrong",
    "random": "a draw",
}
"""Name → what it asks about first. `drifted` joins them where drift is watched; `module:function` is one of your own."""

NEED_MODEL = frozenset({"margin", "entropy", "least_confidence", "bald", "class_balance", "class_target", "errors"})
"""Those that have nothing to go by before a project's first champion."""
