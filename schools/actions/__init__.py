"""Actions on schools, their cohorts, dictionaries and staff."""
