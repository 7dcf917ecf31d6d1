"""Fast kernels for the CPU, compiled by numba: spikes as events, members of a cohort side by side.

Rooms, each of which imports from itself and from those before it:

    base         how things are compiled, threads, memory; vectors, products; losses, optimizers
    events       spikes as blocks of bits, from arrays and from the Bernoulli encoding
    neurons      the equations on vectors, a step and its way back; scans over dense currents
    layers       fully connected spiking layers on blocks, forward and back; narrow ones at once
    perceptron   ordinary layers: sparse inputs, small layers in one call
    convolution  the gradient of a first convolution's weights
    functions    scans and convolution as differentiable torch functions
    groups       kernels by what needs them, each used once
    needs        which groups a run needs
    warmup       compile those once, on several cores

`triton_scan` is the scan for a GPU. Every sum has an order of its own that depends on neither
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
