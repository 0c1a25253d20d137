"""Response times of M/D/1 and M/M/c queues, first come, first served."""

import heapq
import math
from decimal import Decimal, getcontext

# Erlang's sum alternates: its terms are far larger than what is left of them.
getcontext().prec = 80


def bisect(tail, share: float, high: float) -> float:
    """Where the tail has fallen to 1 - share."""
    low = 0.0
    while tail(high) > 1 - share:
        high *= 2
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if tail(middle) > 1 - share else (low, middle)
    return high


class MMC:
    """Exponential service, c servers (L. Kleinrock, Queueing Systems 1, 1975, §3.5)."""

    def __init__(self, rate: float, service_s: float, servers: int):
        self.mu, self.servers = 1 / service_s, servers
        load = rate * service_s
        self.spare = servers / service_s - rate
        last = load**servers / math.factorial(servers) / (1 - load / servers)
        before = sum(load**k / math.factorial(k) for k in range(servers))
        # Erlang C: the share of uploads that wait.
        self.waiting = last / (before + last)

    def mean(self) -> float:
        return self.waiting / self.spare + 1 / self.mu

    def percentile(self, share: float) -> float:
        return bisect(self.tail, share, self.mean() * 4)

    def tail(self, time_s: float) -> float:
        """Of a sum: the wait (exponential of rate `spare` for those who wait) and the service."""
        mu, spare = self.mu, self.spare
        served = math.exp(-mu * time_s)
        if abs(spare - mu) < 1e-9 * mu:
            both = (1 + mu * time_s) * served
        else:
            both = (spare * served - mu * math.exp(-spare * time_s)) / (spare - mu)
        return (1 - self.waiting) * served + self.waiting * both


class MD1:
    """Fixed service, one server (A. K. Erlang, 1909; J. W. Cohen, The Single Server Queue, §II.4)."""

    def __init__(self, rate: float, service_s: float):
        self.rate, self.service_s = rate, service_s
        self.load = rate * service_s

    def mean(self) -> float:
        return self.service_s * (1 + self.load / (2 * (1 - self.load)))

    def percentile(self, share: float) -> float:
        return self.service_s + bisect(self.wait_tail, share, self.service_s * 8)

    def wait_tail(self, time_s: float) -> float:
        rate, service, time = map(Decimal, (self.rate, self.service_s, time_s))
        total = Decimal(0)
        for k in range(int(time / service) + 1):
            step = rate * (k * service - time)
            term = Decimal(1) if k == 0 else step**k / math.factorial(k)
            total += term * (-step).exp()
        return float(1 - (1 - rate * service) * total)


class SplitMix64:
    """The server's source of service times (Steele, Lea, Flood, 2014)."""

    def __init__(self, seed: int):
        self.state = seed

    def exponential(self) -> float:
        mask = (1 << 64) - 1
        self.state = (self.state + 0x9E3779B97F4A7C15) & mask
        mixed = self.state
        mixed = ((mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9) & mask
        mixed = ((mixed ^ (mixed >> 27)) * 0x94D049BB133111EB) & mask
        return -math.log(1 - ((mixed ^ (mixed >> 31)) >> 11) * 2**-53)


# The seed of the store's service times, for `serve`'s default seed of 1.
STORE_SEED = 1 + 0x5704E
# Requests that `run` may send before its load, to see that the target is there.
MOST_EARLIER_REQUESTS = 6


def predicted(run, service_s: float, servers: int, is_exponential: bool) -> list[list[float]]:
    """The response times of the same arrivals at a simulated server with the same service times."""
    if not is_exponential:
        return simulate(run, servers, lambda: service_s)
    best = None
    for earlier in range(MOST_EARLIER_REQUESTS + 1):
        random = SplitMix64(STORE_SEED)
        for _ in range(earlier):
            random.exponential()
        path = simulate(run, servers, lambda: service_s * random.exponential())
        error = sum(
            abs(upload.response_s - time)
            for uploads, times in zip(run.rounds, path)
            for upload, time in zip(uploads, times)
        )
        if best is None or error < best[0]:
            best = error, path
    return best[1]


def simulate(run, servers: int, draw) -> list[list[float]]:
    rounds = []
    for every, counted in zip(run.with_warmup, run.rounds):
        free = [0.0] * servers
        responses = {}
        for upload in every:
            end = max(heapq.heappop(free), upload.intended_s) + draw()
            heapq.heappush(free, end)
            responses[upload.number] = end - upload.intended_s
        rounds.append([responses[upload.number] for upload in counted])
    return rounds
