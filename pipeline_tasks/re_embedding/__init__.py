"""Embeddings of images of earlier nights, once the project has another backbone."""
