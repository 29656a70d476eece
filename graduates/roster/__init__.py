"""The roster import: reader (workbook) → checker (rules) → staging (database) → annotated book."""
