"""Table files: Parquet that is checked against its contract."""
