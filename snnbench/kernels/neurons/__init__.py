"""The equations of spiking neurons on vectors, and scans over dense currents."""
