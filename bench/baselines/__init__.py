"""Actions to compare with: they do less, and so show what nobody can be faster than."""
