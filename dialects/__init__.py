"""The dialects: what can be said at each level of the compiler."""
