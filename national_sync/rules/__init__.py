"""National rules: which part of a record is due, and what holds it back before it is sent (预校验).

One module for each part of the record. The rules of entry and review are run once more; what only
sending knows is added here. To add a rule, see `docs/how-to/add-a-national-rule.md`.
"""
