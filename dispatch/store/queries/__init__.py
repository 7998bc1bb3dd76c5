"""I/O. Read models: lists, histories, registry and reports over the journal's rows."""
