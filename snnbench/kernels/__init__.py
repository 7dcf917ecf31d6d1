"""Fast kernels for the CPU, compiled by numba: spikes as events, members of a cohort side by side.

    blocks      spikes as blocks of bits, from arrays
    events      data -> spike blocks: the Bernoulli encoding
    stack       fully connected spiking layers on blocks, forward and backward
    scan        the LIF scan alone, on dense currents
    functions   both as differentiable torch functions
    optimizers  SGD, Adam, AdamW of a whole cohort in one pass
    warmup      compile everything once

Beneath them: `jit` (how things are compiled, threads, memory), `lanes` (vectors), `neuron` (the
equations on vectors), `linear_lif`, `linear_lif_backward`, `products`, `outputs` (the kernels),
`layout` and `layer` (their memory). Every sum has an order of its own that depends on neither
companions nor threads, so a member's bits are the same alone and in any cohort.

There is no choice between events and dense products to make: blocks were faster at every rate
and shape tried. Batch 128, T = 25, one core of an EPYC (Zen 4), torch 2.13 with MKL, milliseconds:

    layer        rate   forward with scan   torch.mm   backward with scan   torch.mm for dW
    10-10        any          0.03            0.06            0.04               0.05
    256-10       0.5          0.13            1.1             0.16               1.7
    256-256      0.01         0.45            4.1             0.86               4.3
    256-256      0.1          1.3             4.1             1.7                4.3
    256-256      0.5          1.9             4.1             2.0                4.3
    1000-1000    0.1          32              63              29                 62
    1000-1000    0.5          36              63              29                 62
"""
