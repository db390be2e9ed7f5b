"""Demo of Nightlens: draws parts on a conveyor, simulates annotators, uses the public HTTP APIs.

It imports no stage. Only the demo and its simulated annotators know the truth about the images.
"""
