"""Compare what the edited prompts were estimated to use with what the model said when they were recorded anew.

Usage: pytest --llm-cost; python show.py
"""

import json
from pathlib import Path

import yaml

from edits import EDITS

HERE = Path(__file__).parent


def fresh(name):
    """Prompt and answer tokens, as the model stated them for the edited prompt."""
    document = yaml.safe_load((HERE / "cassettes" / "fresh" / f"{name}.yaml").read_text(encoding="utf-8"))
    usage = json.loads(document["interactions"][0]["response"]["body"]["string"])["usage"]
    return usage["prompt_tokens"], usage["completion_tokens"]


def rows():
    """Name, recorded, estimate, its bounds, and what it is in truth: input tokens; and whether the cost is within."""
    report = json.loads((HERE / ".llmcost" / "report.json").read_text(encoding="utf-8"))
    calls = {call["nodeid"].partition("[")[2].rstrip("]"): call for call in report["calls"]}
    for name in EDITS:
        call = calls[name]
        tokens, answer = fresh(name)
        cost = tokens / 1e6 + answer * 4 / 1e6  # as llmcost.yaml says
        bounds = call.get("estimate") or {"low": call["usage"], "high": call["usage"]}
        within = float(call["cost"]["low"]) <= cost + 1e-12 and cost <= float(call["cost"]["high"]) + 1e-12
        recorded = (call["recorded_usage"] or call["usage"])["input_tokens"]
        low, high = bounds["low"]["input_tokens"], bounds["high"]["input_tokens"]
        yield name, recorded, call["usage"]["input_tokens"], low, high, tokens, within


def main():
    found = list(rows())
    print(f"{'edit':22} {'recorded':>8} {'estimate':>8} {'from':>6} {'to':>6} {'in truth':>8} {'error':>7}")
    for name, recorded, estimate, low, high, truth, within in found:
        error = (estimate - truth) / truth
        print(
            f"{name:22} {recorded:8} {estimate:8} {low:6} {high:6} {truth:8} {error:7.1%}{'' if within else '  outside'}"
        )
    errors = sorted(abs(row[2] - row[5]) / row[5] for row in found)
    stale = sorted(abs(row[1] - row[5]) / row[5] for row in found)
    inside = sum(row[6] for row in found)
    print(
        f"{inside} of {len(found)} fresh recordings cost what lies within the interval;"
        f" error of the estimate: median {errors[len(errors) // 2]:.1%}, 90th percentile {errors[int(len(errors) * 0.9)]:.1%};"
        f" of the old recording: {stale[len(stale) // 2]:.1%}, {stale[int(len(stale) * 0.9)]:.1%}"
    )


if __name__ == "__main__":
    main()
