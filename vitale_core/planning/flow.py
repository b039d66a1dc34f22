"""The cheapest flow through a small network, one unit at a time."""

from heapq import heappop, heappush
from itertools import count

Node = tuple[object, ...]
SINK: Node = ("sink",)


class Network:
    """Pipes with room and a cost per unit (0 or more), from any node towards SINK.

    `push` sends one unit from a node along the cheapest way, which may turn back what was sent before (successive
    shortest paths with potentials; Edmonds and Karp 1972). After every push the whole flow is the cheapest that sends
    these units. Exact in whole numbers; O(pipes x log nodes) a push.
    """

    def __init__(self) -> None:
        """No pipes yet."""
        self.ends: list[Node] = []
        self.room: list[int] = []
        self.cost: list[int] = []
        self.out: dict[Node, list[int]] = {}
        self.potential: dict[Node, int] = {}

    def pipe(self, start: Node, end: Node, *, room: int, cost: int = 0) -> None:
        """A pipe and its way back, which lies next to it (index xor 1)."""
        for here, there, units, price in ((start, end, room, cost), (end, start, 0, -cost)):
            self.out.setdefault(here, []).append(len(self.ends))
            self.ends.append(there)
            self.room.append(units)
            self.cost.append(price)

    def push(self, start: Node) -> bool:
        """Send one unit; false, and nothing changed, when it cannot be sent."""
        distance, came = self._reach(start)
        if SINK not in distance:
            return False
        for node, far in distance.items():
            self.potential[node] = self.potential.get(node, 0) + min(0, far - distance[SINK])
        node = SINK
        while node != start:
            pipe = came[node]
            self.room[pipe] -= 1
            self.room[pipe ^ 1] += 1
            node = self.ends[pipe ^ 1]
        return True

    def flows_to(self, start: Node) -> Node:
        """Where the unit of a node that was pushed goes first."""
        return next(self.ends[pipe] for pipe in self.out[start] if pipe % 2 == 0 and not self.room[pipe])

    def _reach(self, start: Node) -> tuple[dict[Node, int], dict[Node, int]]:
        """Reduced distances up to SINK, and the pipe by which each node was reached."""
        distance, came, done = {start: 0}, dict[Node, int](), set[Node]()
        order = count()  # equal distances: first come, first served, so that nodes need no order
        heap = [(0, next(order), start)]
        while heap:
            far, _, node = heappop(heap)
            if node == SINK:
                break
            if node in done:
                continue
            done.add(node)
            for pipe in self.out.get(node, ()):
                if self.room[pipe]:
                    end = self.ends[pipe]
                    there = far + self.cost[pipe] + self.potential.get(node, 0) - self.potential.get(end, 0)
                    if there < distance.get(end, there + 1):
                        distance[end], came[end] = there, pipe
                        heappush(heap, (there, next(order), end))
        return distance, came
