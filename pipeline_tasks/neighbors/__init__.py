"""Nearest neighbours over embeddings and hashes, numpy only."""
