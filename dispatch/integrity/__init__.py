"""``taxi verify``: whether the journal is what it must be, and what of it is not.

The checks are pure, one subject a file; ``walk`` reads the journal for them, page by page, beside a running system.
"""
