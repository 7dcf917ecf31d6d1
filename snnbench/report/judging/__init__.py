"""What the tables say: of claims, of published numbers, of an SNN and its twin."""
