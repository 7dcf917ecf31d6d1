"""What enters a network: which samples, scaled how, and as what over time."""
