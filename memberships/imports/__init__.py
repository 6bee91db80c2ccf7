"""Loading the files of an old program: ``imports.run(club=…, kind="members", path=…, now=…)``."""

from memberships.imports.clublist import Clublist
from memberships.imports.freezes import Freezes
from memberships.imports.kinds import KINDS
from memberships.imports.members import Members
from memberships.imports.memberships import Memberships
from memberships.imports.plans import Plans
from memberships.imports.promotions import Promotions
from memberships.imports.running import Answer, ChangedMeanwhile, Progress, run
from memberships.imports.unusable import UnusableFile
from memberships.imports.visits import Visits

KINDS.update({kind.name: kind for kind in (Plans, Promotions, Members, Memberships, Freezes, Visits, Clublist)})

__all__ = ["KINDS", "Answer", "ChangedMeanwhile", "Progress", "UnusableFile", "run"]
