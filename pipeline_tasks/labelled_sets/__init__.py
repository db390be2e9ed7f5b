"""Labelled sets that become part of a project: their classes, their splits, and their labels as rows."""
