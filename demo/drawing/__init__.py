"""Images of machine parts on a conveyor, drawn from a seed, with the exact truth about each."""
