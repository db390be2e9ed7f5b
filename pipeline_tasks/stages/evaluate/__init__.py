"""Compare the candidate with the champion."""
