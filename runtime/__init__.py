"""What runs without the compiler: tensors, memory, the virtual machine."""
