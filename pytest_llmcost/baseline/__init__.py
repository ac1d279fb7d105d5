"""The accepted cost of a suite: kept, compared with a run, and why it changed."""
