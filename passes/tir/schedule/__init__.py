"""How the default policy builds scheduled nests: one file per kind of nest."""
