"""Files to arrays: the named data sets, a user's own table, and the splits made of them.

`catalogue` is the front door: names to `Dataset`s. No torch in this room.
"""
