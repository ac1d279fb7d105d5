"""The spend cap: what live calls of a run may cost, in all of its processes."""
