"""The bugs that the checks of averages and snapshots are there to catch."""

from tests.labs.mutation import Mutation

MUTATIONS = (
    Mutation("bowl_ratio", '(self.at - self.mean) / self.count["steps"]', "(self.at - self.mean) / 50"),
    Mutation("means_agree", 'self.counts["averaged"] += 1', 'self.counts["averaged"] += 2'),
    Mutation("means_agree", "lerp_(self.rows, 1 - self.p.keep)", "lerp_(self.rows, self.p.keep)"),
    Mutation("jensen", "logsumexp(0) - math.log(len(scores))", "mean(0)", file="nn/row_networks.py"),
    Mutation("jensen", "logsumexp(0) - math.log(len(scores))", "logsumexp(0)", file="nn/row_networks.py"),
    Mutation("stale_is_worse", "stale = [(mean[:1], variance[:1])", "stale = [(mean[1:2], variance[1:2])"),
    Mutation("in_the_plane", "v = v - (v @ u) * u", "v = 1 * v"),
)
