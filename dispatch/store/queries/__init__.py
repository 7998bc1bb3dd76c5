"""I/O: read models. Lists, histories, registry and reports over the journal's database. Imports ``dispatch.api``."""
