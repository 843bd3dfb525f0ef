"""Go's template language, as far as a prompt needs it: `template` of /api/generate is written in it.

`parser` reads a text into `nodes`, `execution` runs them over Python's own values: a map is a dict, a struct
a `Struct`, nil is None. Types of Go that no prompt has (channels, functions as values, complex numbers) are
not here.
Source: the documentation of Go's text/template.
"""
