"""The cheap first look at a request: most of what an app sends is nothing of ours.

``usage.endpoints`` decides what a path means; this pattern must let through every path that is known there.
"""

from __future__ import annotations

import re

_PATTERN = (
    # OpenAI and what speaks like it, Anthropic, Bedrock.
    r"/(?:completions|complete|responses|(?:contextualized|multimodal)?embeddings|messages|interactions"
    r"|converse(?:-stream)?|invoke(?:-with-response-stream)?|count-tokens|moderations|threads/(?:[^/?#]+/)?runs"
    r"|images/(?:generations|edits|variations)|audio/(?:transcriptions|translations|speech))(?:[/?#]|$)"
    # Cohere; Mistral; Ollama's own API; OpenAI's videos; Replicate.
    r"|/v\d/(?:chat|generate|embed|rerank|ocr|conversations|videos)(?:[/?#]|$)"
    r"|/api/(?:chat|generate|embed)(?:[/?#]|$)"
    r"|/v1/(?:[^?#]+/)?predictions(?:[/?#]|$)"
    # SageMaker and Databricks; Bedrock's agents; Workers AI; watsonx; Hugging Face's own API.
    r"|/invocations(?:-response-stream)?(?:[?#]|$)|/agentAliases/|/retrieveAndGenerate|/ai/run/|/ml/v1/text/"
    r"|/hf-inference/|/pipeline/[a-z-]+/|//[^/]+\.endpoints\.huggingface\.cloud|//api-inference\.huggingface\.co/"
    # Gemini, everything on Vertex, and Snowflake: the verb stands behind a colon.
    r"|(?::|%3A)(?:(?:stream)?(?:[gG]enerateContent|[rR]awPredict)|(?:batchE|e)mbedContents?"
    r"|predict(?:LongRunning)?|countTokens|complete)(?:[?#]|$)"
)

looks_like_llm = re.compile(_PATTERN).search
looks_like_llm_in_bytes = re.compile(_PATTERN.encode()).search
# Of clients that give the path alone: hosts where any path may be a model's.
is_model_host = re.compile(
    r"(?:^|\.)(?:endpoints\.huggingface\.cloud|api-inference\.huggingface\.co)$"
).search
