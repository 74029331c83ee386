"""What the scripts in `benchmarks/` share: engines in processes of their own, rounds, figures.

It has a name of its own because `benchmarks` on the module path is xDSL's package. Modules that run
inside a peer's environment (`worker`, `engines`) import nothing but NumPy and that peer.
"""
