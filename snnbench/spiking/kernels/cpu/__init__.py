"""Fast kernels for the CPU, compiled by numba: spikes as events, members of a cohort side by side.

    events      data -> spike blocks; the Bernoulli encoding
    stack       fully connected spiking layers on blocks, forward and backward
    scan        the LIF scan alone, on dense currents
    functions   both as differentiable torch functions
    optimizers  SGD, Adam, AdamW of a whole cohort in one pass
    warmup      compile everything once

Beneath them: `jit` (how things are compiled, threads, memory), `lanes` (vectors), `neuron` (the
equations on vectors), `linear_lif`, `linear_lif_backward`, `products`, `outputs` (the kernels),
`layout` and `layer` (their memory). Every sum has an order of its own that depends on neither
companions nor threads, so a member's bits are the same alone and in any cohort.
"""
