"""Integer expressions: one algebra for shapes, indices, predicates and memory."""
