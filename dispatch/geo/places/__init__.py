"""Pure. Place search: parse a query, find streets and places."""
