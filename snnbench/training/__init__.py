"""Training and evaluation: many runs side by side, one run being a cohort of one."""
