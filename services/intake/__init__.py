"""Every contact becomes one registered contact, once; it opens or joins cases; its address stays in the vault.

In: citizens' messages and webhooks on the intake queue. Out: cases for the router, facts for whoever counts
or replies, addresses and providers' receipts for the notifier alone.
"""
