"""The image as an array, between OpenCV and PyTorch."""
