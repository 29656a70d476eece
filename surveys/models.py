"""Models of 就业调查."""
