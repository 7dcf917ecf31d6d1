"""Fully connected spiking layers on blocks of spikes, forward and back."""
