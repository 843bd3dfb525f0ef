"""What is measured, one module for each subject: `measure(bench)` yields its figures as they come.

The first line of a module's docstring is what `bench --list` says of it.
"""
