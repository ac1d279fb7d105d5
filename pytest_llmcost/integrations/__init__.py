"""Other services that a report is told to."""
