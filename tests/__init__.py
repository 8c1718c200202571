"""İLKİM is tested on the servers it runs on."""
