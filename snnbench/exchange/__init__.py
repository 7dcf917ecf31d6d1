"""Networks in NIR, the neuromorphic intermediate representation: files read, run and written.

Source: J. Pedersen et al., "Neuromorphic intermediate representation", Nature Communications, 2024;
the package `nir` 1.0.8.
"""
