"""One GPU operation a file: formula, reference, kernel, launch."""
