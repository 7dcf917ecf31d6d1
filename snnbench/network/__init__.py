"""From the `arch` notation to a network: an ANN or its SNN twin."""
