"""The ONNX backend suite, run case by case in processes of their own. Start at run.py."""
