"""Who may do what: secrets made once for a project, kept private, shown to nobody."""
