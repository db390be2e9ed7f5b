"""Shows Nightlens at work: draws parts on a conveyor, plays the annotators, drives the public HTTP interfaces.

Stands at the front door: it imports no stage. The truth about the images is known here and to the simulated annotators only.
"""
