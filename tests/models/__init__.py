"""Real models to judge the compiler by. Start at zoo.py."""
