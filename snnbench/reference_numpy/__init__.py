"""A perceptron in plain NumPy: the slow, readable twin of what torch does, and an engine.

Layers, losses, optimizers and initial weights are written from their formulas, with no torch
anywhere, and the tests hold torch against them. Everything takes the floating-point type of the
arrays it is given: float32 when it trains, float64 when it judges.
"""
