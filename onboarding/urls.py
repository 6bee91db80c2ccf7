from django.urls import path

from onboarding.views import checklist_list, pages

urlpatterns = [
    path("onboarding/", pages.onboarding_list, name="onboarding_list"),
    path("onboarding/all/", checklist_list.checklist_list, name="checklist_list"),
    path("onboarding/due/", pages.onboarding_due, name="onboarding_due"),
    path("onboarding/steps/<int:pk>/done/", pages.step_done, name="step_done"),
    path("onboarding/steps/<int:pk>/skip/", pages.step_skip, name="step_skip"),
    path("onboarding/steps/<int:pk>/undo/", pages.step_undo, name="step_undo"),
    path("members/<int:pk>/checklist/", pages.checklist_start, name="checklist_start"),
]
