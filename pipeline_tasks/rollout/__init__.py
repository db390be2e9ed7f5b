"""Roll-out of a challenger: evidence that may be looked at any time, and the steps from shadow to all of the traffic."""
