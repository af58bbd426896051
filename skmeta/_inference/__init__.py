"""Pure functions of arrays: no scikit-learn, no frames, no estimators.

Conventions of this floor, written once. A task's design has ``p = d + 1`` columns, the intercept's ones last; the
columns are standardised by the collection's centre and scale before they arrive here. Shapes are ``(n_tasks, ...)``,
covariances are covariances (never precisions), ``noise`` is a variance.
"""
