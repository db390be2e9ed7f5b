"""Stages beside the nights: restore, erase, collect garbage."""
