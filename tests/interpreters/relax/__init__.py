"""What operators mean, compared with ONNX's reference and with NumPy."""
