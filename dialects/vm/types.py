"""The types of `vm`. Tensors, tuples and objects have the types of `relax`."""

from __future__ import annotations

from xdsl.ir import ParametrizedAttribute, TypeAttribute
from xdsl.irdl import irdl_attr_definition


@irdl_attr_definition
class StorageType(ParametrizedAttribute, TypeAttribute):
    """Memory of one execution, in which tensors lie: `!vm.storage`."""

    name = "vm.storage"
