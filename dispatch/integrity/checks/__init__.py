"""Pure. The checks of a journal, one subject per module. Imports the domain, the payment core, ``actors.core`` and the
journal's port.
"""
