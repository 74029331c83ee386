"""What `xdsl-opt` and its relatives find of ours, through the entry point `xdsl.universe`.

Only names that are ours alone: a second `llvm` dialect or a second `canonicalize` pass would break
every xdsl tool of the environment.
"""

from xdsl.universe import Universe

from ..dialects import get_own_dialects
from ..passes import get_all_passes

UNIVERSE = Universe(all_dialects=get_own_dialects(), all_passes=get_all_passes())
