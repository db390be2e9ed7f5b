"""Tool `versions`: list, show, compare, export, restore and verify dataset versions."""
