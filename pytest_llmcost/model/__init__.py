"""The nouns of the field: frozen values that know nothing of pytest, HTTP or files."""
