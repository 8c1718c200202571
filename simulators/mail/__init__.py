"""The citizens' mail server: takes what the centre sends, and sends what citizens write, as real SMTP."""
