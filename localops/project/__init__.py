"""A MastroGPT project as it stands on disk, read as the deployer reads it."""
