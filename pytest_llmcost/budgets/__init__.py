"""Limits, judged against a run and its baseline."""
