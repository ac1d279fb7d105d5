"""Seeing HTTP exchanges and cassettes without disturbing the app: bytes are kept, nothing is parsed."""
