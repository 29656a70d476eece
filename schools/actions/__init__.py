"""What changes schools, their cohorts, dictionaries and staff."""
