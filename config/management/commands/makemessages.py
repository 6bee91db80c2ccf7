"""Django's own, which also sees the sentences that rules mark with N_ and NN_ (they know no gettext)."""

from django.core.management.commands import makemessages


class Command(makemessages.Command):
    xgettext_options = [*makemessages.Command.xgettext_options, "--keyword=N_", "--keyword=NN_:1,2"]
