"""The subcommands of ``llmcost``: they work on files."""
