"""Everything that changes a destination. Each action locks graduate and destination, checks the step
against the transition table, changes the destination and writes the event, in one transaction."""
