"""Every reply goes back over the channel it came from, and we know whether it arrived.

In: facts a citizen may be told, addresses, providers' receipts. Out: replies (to providers, or to the queues of
channels with a program of their own), and what became of each as a fact.
"""
