"""Pure room: metrics with intervals, and the comparison of candidate and champion."""
