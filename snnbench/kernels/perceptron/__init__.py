"""Ordinary fully connected layers: sparse inputs, and small layers as one call."""
