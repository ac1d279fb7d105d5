"""Views of a report: pure functions from values to text."""
