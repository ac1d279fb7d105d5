"""GitHub: annotations, step summary and outputs of a run, and the comment on a pull request."""
