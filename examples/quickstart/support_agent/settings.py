"""Where the model is and how long its texts may be."""

import os

BASE_URL = os.environ.get("SUPPORT_AGENT_BASE_URL", "http://127.0.0.1:8099")
MODEL = os.environ.get("SUPPORT_AGENT_MODEL", "smollm2-135m-instruct")
API_KEY = os.environ.get("SUPPORT_AGENT_API_KEY", "not-needed")

MAX_TOKENS = 40
