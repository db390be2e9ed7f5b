"""Trial of a bucket's connection, and the least rights that it needs."""
