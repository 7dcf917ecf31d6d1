"""What a network costs: operations by named conventions, firing rates, energy."""
