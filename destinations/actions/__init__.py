"""Everything that changes a destination. Each action locks graduate and destination, asks the
transition table, changes, and writes the event, in one transaction."""
