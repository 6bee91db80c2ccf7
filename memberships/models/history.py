"""Which tables keep every change, with who, when, before and after (PRODUCT.md §14)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

import pghistory
import pgtrigger
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState
from django.db.models import Model
from pgtrigger.compiler import Trigger
from pgtrigger.migrations import TriggerOperationMixin

M = TypeVar("M", bound=type[Model])


def tracked(*, exclude: Sequence[str] = ()) -> Callable[[M], M]:
    """A model decorator: database triggers write each insert, update and delete into ``<model>event``."""
    return pghistory.track(  # type: ignore[return-value]
        pghistory.InsertEvent(), pghistory.UpdateEvent(), pghistory.DeleteEvent(row="OLD"), exclude=list(exclude)
    )


def renews_club(club: str = "COALESCE(NEW.club_id, OLD.club_id)") -> pgtrigger.Trigger:
    """For ``Meta.triggers`` of what a club's policy is made of: whoever writes it writes the club's row anew.

    So the version of that one row (``xmin`` and ``ctid``) is the version of all of it. ``club``: in SQL, whose it is.
    """
    return pgtrigger.Trigger(
        name="renews_club",
        when=pgtrigger.After,
        operation=pgtrigger.Insert | pgtrigger.Update | pgtrigger.Delete,
        func=f"UPDATE memberships_club c SET name = c.name WHERE c.id = {club}; RETURN NULL;",
    )


class AddTriggers(TriggerOperationMixin, Operation):
    """A migration's step that adds the triggers of several models: ``[(model, trigger), …]``.

    pgtrigger's own step adds one; after each, Django makes all related models anew, which took most of the time that
    an empty system needs for its first start.
    """

    reduces_to_sql = True
    reversible = True

    def __init__(self, triggers: Sequence[tuple[str, Trigger]]) -> None:
        self.triggers = triggers

    def state_forwards(self, app_label: str, state: ProjectState) -> None:
        for name, trigger in self.triggers:
            options = state.models[app_label, name].options
            options["triggers"] = [*options.get("triggers", []), trigger]
        state.reload_models([(app_label, name) for name, _ in self.triggers])

    def database_forwards(
        self,
        app_label: str,
        schema_editor: BaseDatabaseSchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        self._execute(app_label, schema_editor, to_state, "install_sql")

    def database_backwards(
        self,
        app_label: str,
        schema_editor: BaseDatabaseSchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        self._execute(app_label, schema_editor, from_state, "uninstall_sql")

    def _execute(self, app_label: str, editor: BaseDatabaseSchemaEditor, state: ProjectState, statement: str) -> None:
        for name, trigger in self.triggers:
            if self.allow_migrate_model_trigger(editor, state.apps.get_model(app_label, name)):
                editor.execute(getattr(trigger, statement), params=None)

    def deconstruct(self) -> tuple[str, list[object], dict[str, object]]:
        return type(self).__name__, [], {"triggers": self.triggers}

    def describe(self) -> str:
        return "Keep the history of " + ", ".join(dict.fromkeys(name for name, _ in self.triggers))
