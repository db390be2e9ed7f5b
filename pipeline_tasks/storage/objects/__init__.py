"""Objects by key, the six verbs, on disk, in memory and on S3."""
