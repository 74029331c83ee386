"""The passes, by the level they read; pipelines.py is the only list of pipelines."""
