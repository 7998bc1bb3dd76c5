"""Pure. Which vehicle serves which request: candidates, cost, exact assignment, explanation. Imports ``geo`` and
``values``.
"""
