"""The cheap first look at a request: most of what an app sends is nothing of ours.

``usage.endpoints`` decides what a path means; this pattern must let through every path that is known there.
"""

from __future__ import annotations

import re

_PATTERN = (
    # OpenAI and what speaks like it, Anthropic, Bedrock.
    r"/(?:completions|complete|responses|embeddings|messages|interactions|converse(?:-stream)?"
    r"|invoke(?:-with-response-stream)?|count-tokens)(?:[/?#]|$)"
    # Cohere; Mistral; Ollama's own API.
    r"|/v[12]/(?:chat|generate|embed|rerank|conversations)(?:[/?#]|$)"
    r"|/api/(?:chat|generate|embed)(?:[/?#]|$)"
    # Gemini, and everything on Vertex: the verb stands behind a colon.
    r"|(?::|%3A)(?:(?:stream)?(?:[gG]enerateContent|[rR]awPredict)|(?:batchE|e)mbedContents?|predict|countTokens)(?:[?#]|$)"
)

looks_like_llm = re.compile(_PATTERN).search
