"""What everybody may see: published months as a page, and as files with their dictionary."""
