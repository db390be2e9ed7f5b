"""Pure room: tables in, one HTML page out."""
