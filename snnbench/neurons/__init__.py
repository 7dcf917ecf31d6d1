"""Spiking neurons: their equations, named state and surrogate derivatives."""
