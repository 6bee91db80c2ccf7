from django.urls import include, path

urlpatterns = [
    path("accounts/", include("allauth.urls")),
    path("", include("memberships.urls")),
    path("", include("calls.urls")),
    path("", include("onboarding.urls")),
]
