"""A whole Apache OpenServerless in one process, to run MastroGPT projects on a desk."""
