"""Texts as vectors, without a model: hashed trigrams, enough to tell a corrected article from another one."""

import math
import zlib
from collections import Counter

BUCKETS = 4_096

Vector = dict[int, float]


def embed(text: str) -> Vector:
    """The trigrams of a text, counted in buckets; of length 1."""
    plain = f" {' '.join(text.lower().split())} "
    trigrams = (plain[start : start + 3] for start in range(len(plain) - 2))
    counts = Counter(zlib.crc32(trigram.encode()) % BUCKETS for trigram in trigrams)
    length = math.sqrt(sum(count * count for count in counts.values())) or 1.0
    return {bucket: count / length for bucket, count in counts.items()}


def cosine(one: Vector, other: Vector) -> float:
    return sum(weight * other.get(bucket, 0.0) for bucket, weight in one.items())
