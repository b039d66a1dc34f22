"""Set partitioning with HiGHS, for more people than the exact search can prove. Needs the extra `plan`.

The only part of the planner that uses libraries (highspy, numpy); `solving` loads it when it is needed and there.
"""

from vitale_core.planning.highs.levels import partition
from vitale_core.planning.highs.pool import affordable

__all__ = ["affordable", "partition"]
