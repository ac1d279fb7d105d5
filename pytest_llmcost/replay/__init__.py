"""Whether a replayed request is still the recorded one, and what it would use if it is not."""
