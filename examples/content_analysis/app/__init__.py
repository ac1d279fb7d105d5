"""Reads articles for a technology newsletter: a security agent, a technology agent, and one that sums up."""
