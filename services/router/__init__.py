"""Every case gets an owner and a due time; none is ever ownerless; the router owns the case's state.

In: opened cases, what citizens add to theirs, and owners' answers. Out: work for the owners' queues, and every
step of a case as a fact.
"""
