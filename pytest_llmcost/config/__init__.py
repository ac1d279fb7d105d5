"""llmcost.yaml: read with positions, checked, and turned into values."""
