"""Documents of the trade: their schemas, what they say, the rulebook, and where they are kept.

Content stays with its owner: nothing here sends a document or writes its plain text to a disk.
"""
