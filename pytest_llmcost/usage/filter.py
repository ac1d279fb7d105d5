"""The cheap first look at a request: most of what an app sends is nothing of ours.

``usage.endpoints`` decides what a path means; this pattern must let through every path that is known there.
"""

from __future__ import annotations

import re
from functools import lru_cache

# Few alternatives for each first letter behind a slash: every request is looked at, and most fail here.
_PATTERN = (
    r"/(?:"
    # OpenAI and what speaks like it, Anthropic, Bedrock; SageMaker and Databricks.
    r"(?:c(?:omplet(?:ions|e)|o(?:nverse(?:-stream)?|unt-tokens|ntextualizedembeddings))"
    r"|embeddings|m(?:essages|oderations|ultimodalembeddings)|responses"
    r"|i(?:nteractions|nvo(?:ke(?:-with-response-stream)?|cations(?:-response-stream)?)"
    r"|mages/(?:generations|edits|variations))"
    r"|threads/(?:[^/?#]+/)?runs|audio/(?:transcriptions|translations|speech))(?:[/?#]|$)"
    # Cohere; Mistral; OpenAI's videos; Replicate; Ollama's own API.
    r"|v\d/(?:(?:chat|generate|embed|rerank|ocr|conversations|videos|sonar|agent|(?:[^?#]+/)?predictions)(?:[/?#]|$))"
    r"|api/(?:chat|generate|embed)(?:[/?#]|$)"
    # Workers AI; Bedrock's agents; watsonx; Hugging Face's own API.
    r"|a(?:i/run|gentAliases)/|r(?:etrieveAndGenerate|erank$)|ml/v1/text/|text/chatcompletion_v2$|hf-inference/|pipeline/[a-z-]+/|workers-ai/"
    r"|/(?:[^/]+\.endpoints\.huggingface\.cloud|api-inference\.huggingface\.co/"
    r"|bedrock-agent-runtime[^/]*/agents/)"
    r")"
    # Gemini, everything on Vertex, and Snowflake: the verb stands behind a colon.
    r"|(?::|%3A)(?:(?:stream)?(?:[gG]enerateContent|[rR]awPredict)|(?:batchE|e)mbedContents?"
    r"|predict(?:LongRunning)?|countTokens|complete)(?:[?#]|$)"
)

looks_like_llm = re.compile(_PATTERN).search
_MODEL_HOSTS = (".endpoints.huggingface.cloud", ".api-inference.huggingface.co")


@lru_cache(maxsize=1024)
def is_model_host(host: str) -> bool:
    """Of clients that give the path alone: whether any path of a host may be a model's."""
    return "huggingface" in host and f".{host}".endswith(_MODEL_HOSTS)


@lru_cache(maxsize=1024)
def may_be_path_of_llm(path: bytes) -> bool:
    """As ``looks_like_llm``, of a path and query as they are sent; an app asks for the same ones often."""
    return looks_like_llm(path.decode("latin-1")) is not None
