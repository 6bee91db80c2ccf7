from django.urls import path

from calls.views import why

urlpatterns = [
    path("members/<int:pk>/why/", why.member_why, name="member_why"),
]
