"""Mail as it comes: its structure, letters, text, quotes, kind. Everything here is pure and takes any bytes."""
