"""How kernels are compiled, vectors, and what all of them use."""
