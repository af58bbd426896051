"""Models of how scores depend on hyperparameters: one task's alone, and what many tasks say of the next."""
