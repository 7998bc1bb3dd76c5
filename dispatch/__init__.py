"""The dispatch domain: pure rules at this level, their shells in the folders below."""
