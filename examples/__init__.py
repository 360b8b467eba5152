"""Named, importable implementations, shown on the pages by section."""
