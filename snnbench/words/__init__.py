"""The vocabulary: one table for each kind of word, and no torch.

A row says what a word means, which settings it uses, and where its implementation lies, which is
imported when it is first used. Plug-ins add rows to the same tables.
"""
