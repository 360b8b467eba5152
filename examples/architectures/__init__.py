"""Base architectures, from the feed-forward network to Inception."""
