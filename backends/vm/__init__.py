"""The bytecode backend: `vm` modules become programs of the virtual machine."""
