"""How far two images are apart, proved against scikit-image."""
