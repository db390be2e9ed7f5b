"""Bootstrap intervals, numpy only."""
