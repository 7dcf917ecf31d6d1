"""Spikes as blocks of bits, and the encodings that make them."""
