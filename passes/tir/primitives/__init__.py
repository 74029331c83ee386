"""Schedule primitives: checked rewrites of blocks and loops; `schedule.Schedule` applies them."""
