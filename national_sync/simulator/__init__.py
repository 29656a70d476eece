"""A stand-in for the national system: its own server, its own database, its own judgement.

Nothing of the platform is imported here, so that the two can only agree by talking over HTTP
(docs/national-protocol.md). Everything about it is simulated, 模拟: the real system's address,
protocol and most of its codes are not published. `python -m national_sync.simulator` starts it.
"""
