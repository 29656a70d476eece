"""The benchmarks of `bin/bench`: one module each, and the made-up data they share."""
