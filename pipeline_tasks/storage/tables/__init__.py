"""Table files: Parquet, checked against the table's contract."""
