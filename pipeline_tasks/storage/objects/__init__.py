"""Object stores with six verbs on keys: on disk, in memory and on S3."""
