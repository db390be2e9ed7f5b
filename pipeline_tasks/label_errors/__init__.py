"""Labels that are probably wrong: found by heads and neighbours that have not seen them, numpy only."""
