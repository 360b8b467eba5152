"""Semantic segmentation, from FCN to SAM."""
