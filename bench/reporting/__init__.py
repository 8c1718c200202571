"""What the figures cost with ten thousand, a million and ten million cases."""
