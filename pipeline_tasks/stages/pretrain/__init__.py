"""Stages of a self-supervised pretraining of the backbone."""
