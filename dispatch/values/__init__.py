"""Pure. Ids, units, money and other small values. Imports nothing of ours."""
