"""A Redis for actions: the person's own, an installed one started privately, or an embedded one."""
