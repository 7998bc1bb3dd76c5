"""I/O: writes files. Documents and TypeScript types generated from the code; imports what it describes."""
