"""The gateway protocols mapi (XML) and openapi (JSON): parsing, admission, calls and signed responses, without I/O.

May import ``model``, never ``http``.
"""
