"""Plots of a candidate: data from the store, drawn for the report and for the trackers."""
