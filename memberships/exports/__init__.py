"""A club's files out again, as ``memberships.imports`` reads them: ``exports.write(club=…, to=Path(…), now=…)``."""

from memberships.exports.people import MEMBERS, VISITS
from memberships.exports.sold import FREEZES, MEMBERSHIPS
from memberships.exports.stock import PLANS, PROMOTIONS
from memberships.exports.writing import FILES, File, Snapshot, UnusableFolder, table, write

FILES += [PLANS, PROMOTIONS, MEMBERS, MEMBERSHIPS, FREEZES, VISITS]

__all__ = ["FILES", "PLANS", "PROMOTIONS", "File", "Snapshot", "UnusableFolder", "table", "write"]
