"""The orchestrator: compile(), caches, command lines. The only code that knows every folder."""
