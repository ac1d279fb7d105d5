"""Where the model is, how long its texts may be, and how large the caches in front of it are."""

import os

BASE_URL = os.environ.get("CONTENT_ANALYSIS_BASE_URL", "http://127.0.0.1:8099")
MODEL = os.environ.get("CONTENT_ANALYSIS_MODEL", "smollm2-135m-instruct")
API_KEY = os.environ.get("CONTENT_ANALYSIS_API_KEY", "not-needed")

MAX_TOKENS = 48
CACHED_ANSWERS = 1_000
SIMILAR = 0.9  # cosine of two documents that may share an answer
