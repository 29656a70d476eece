"""Everything that changes an origin record. Each action locks, checks, changes and logs in one
transaction. Views, tasks and commands only call these actions."""
