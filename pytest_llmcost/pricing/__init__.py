"""Usage in, cost out: rate cards are resolved once, then applied by pure arithmetic."""
