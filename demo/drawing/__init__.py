"""Synthetic images of machine parts on a conveyor, drawn from a seed, with exact ground truth."""
