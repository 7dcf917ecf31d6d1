"""snnbench: spiking neural networks against ordinary ones, trained, counted and compared."""

__version__ = "0.1.0"
