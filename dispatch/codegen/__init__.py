"""I/O: writes files. Generates documents and TypeScript types from the code; imports the packages that it describes."""
