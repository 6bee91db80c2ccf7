"""One's own settings."""

from __future__ import annotations

from django import forms

from memberships.models import User


class ProfileForm(forms.ModelForm):
    class Meta:
        model = User
        fields = ("first_name", "last_name", "email", "language", "theme", "shortcut_keys")
