"""Read what somebody else wrote: numbers, files, JSON, Python sources.

Each reader takes anything whatever, in bounded time, and gives the value or the one error that it documents.
"""
