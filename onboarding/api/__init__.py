"""The API of this room: ``urlpatterns`` below /api/v1/."""

from django.urls import URLPattern, URLResolver, path
from django.utils.translation import gettext_lazy as _

from memberships import audit
from onboarding.api import checklists
from onboarding.models import ChecklistTemplate, Step

audit.kinds["checklist_template"] = audit.Audited(ChecklistTemplate, _("Checklist template"))
audit.kinds["step"] = audit.Audited(Step, _("Step of a checklist"), club="checklist__club")

urlpatterns: list[URLPattern | URLResolver] = [
    path("onboarding/checklists", checklists.checklist_list, name="api_checklists"),
    path("onboarding/steps/<int:pk>/done", checklists.done, name="api_step_done"),
    path("onboarding/steps/<int:pk>/skip", checklists.skip, name="api_step_skip"),
    path("onboarding/steps/<int:pk>/undo", checklists.undo, name="api_step_undo"),
]
