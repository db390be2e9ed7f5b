"""Buckets of Google Cloud Storage and containers of Azure Blob Storage as sources, by their own web interfaces."""
