"""Runs actions as the OpenServerless runtime does: in processes of their own, one call at a time."""
