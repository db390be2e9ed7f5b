"""Stages of a search over training settings."""
