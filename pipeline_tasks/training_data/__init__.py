"""Training data as a kind's models need them, embeddings or feature maps, and what models of objects find in a pool."""
