"""I/O. Sign-in, tokens, passwords, SMS codes, revocations. Imports ``session``, ``limits``, ``ports``."""
