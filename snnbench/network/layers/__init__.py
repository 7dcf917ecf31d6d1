"""Kinds of layer, one file each: the arithmetic of its shapes, and its torch module.

A kind with weights has `takes(shape)`, the shape it works on, or None; `gives(spec, shape)`;
`fan_in(spec, shape)`; `make(...)`, the module, and `NORM`, the name of its BatchNorm. Pooling has
`gives` and `make`.
"""
