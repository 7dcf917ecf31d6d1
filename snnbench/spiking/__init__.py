"""The neuron's equations, its surrogate derivatives and their implementations."""
