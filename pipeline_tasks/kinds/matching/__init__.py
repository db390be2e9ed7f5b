"""Predicted objects against those that are there: matches within an image, and average precision over many, numpy only."""
