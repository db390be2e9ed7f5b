"""Search over training settings: its space, its proposals, the end of hopeless trials, and the choice of a winner; pure."""
