"""The tool `versions`: list, show, compare, export, restore and verify dataset versions."""
