"""A telephone exchange: calls that ring, are answered or missed, told as Asterisk, Verimor and Bulutfon tell them."""
