"""Pure. Ids, units, money, places, roles and other small values. Imports no other package of this project."""
