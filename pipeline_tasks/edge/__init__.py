"""Edge agent: keeps images that are new, diverse or asked for, and sends them. Imports numpy, OpenCV and ONNX Runtime only."""
