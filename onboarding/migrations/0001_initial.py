import django.contrib.postgres.fields
import django.db.models.deletion
import memberships.models.history
import pghistory.utils
import pgtrigger.compiler
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('calls', '0001_initial'),
        ('memberships', '0001_initial'),
        ('memberships', '__first__'),
    ]

    operations = [
        migrations.CreateModel(
            name='ChecklistTemplate',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('club', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='checklist_templates', to='memberships.club')),
                ('name', models.CharField(max_length=120, verbose_name='name')),
                ('for_returns', models.BooleanField(default=True, verbose_name='for returning members too')),
                ('active', models.BooleanField(default=True, verbose_name='in use')),
                ('plans', models.ManyToManyField(blank=True, related_name='checklist_templates', to='memberships.plan', verbose_name='plans')),
            ],
        ),
        migrations.CreateModel(
            name='ChecklistTemplateEvent',
            fields=[
                ('pgh_id', models.AutoField(primary_key=True, serialize=False)),
                ('pgh_created_at', models.DateTimeField(auto_now_add=True)),
                ('pgh_label', models.TextField(help_text='The event label.')),
                ('pgh_obj', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='events', to='onboarding.checklisttemplate')),
                ('pgh_context', pghistory.utils.JSONField(null=True)),
                ('pgh_context_id', models.UUIDField(null=True)),
                ('id', models.BigIntegerField()),
                ('club', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='memberships.club')),
                ('name', models.CharField(max_length=120, verbose_name='name')),
                ('for_returns', models.BooleanField(default=True, verbose_name='for returning members too')),
                ('active', models.BooleanField(default=True, verbose_name='in use')),
            ],
            options={
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='TemplateStep',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('template', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='steps', to='onboarding.checklisttemplate')),
                ('position', models.PositiveSmallIntegerField()),
                ('title', models.CharField(max_length=120, verbose_name='step')),
                ('why', models.CharField(blank=True, max_length=300, verbose_name='why')),
                ('role', models.CharField(choices=[('operator', 'operator'), ('administrator', 'administrator'), ('manager', 'manager'), ('owner', 'owner')], default='administrator', max_length=16, verbose_name='who')),
                ('employee', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='memberships.employee')),
                ('due_day', models.PositiveSmallIntegerField(verbose_name='due on day')),
                ('is_call', models.BooleanField(default=False, verbose_name='is a call')),
                ('fact', models.CharField(blank=True, choices=[('', 'nothing: somebody ticks it'), ('welcome_call', 'a welcome call that reached the member'), ('first_visit', 'the first visit'), ('session', 'a first session booked'), ('review', 'a review meeting')], default='', max_length=16, verbose_name='closes by itself')),
                ('result', models.CharField(choices=[('none', 'nothing to write down'), ('choice', 'one of several answers'), ('number', 'a number'), ('text', 'words'), ('file', 'a file')], default='none', max_length=8, verbose_name='result')),
                ('choices', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=80), blank=True, default=list, size=None)),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('template', 'position'), name='template_step_position_once')],
            },
        ),
        migrations.CreateModel(
            name='Checklist',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('club', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='checklists', to='memberships.club')),
                ('member', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='checklists', to='memberships.member')),
                ('membership', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='checklist', to='memberships.membership')),
                ('template', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='checklists', to='onboarding.checklisttemplate')),
                ('started_at', models.DateTimeField()),
                ('closed_at', models.DateTimeField(blank=True, null=True)),
            ],
            options={
                'indexes': [models.Index(condition=models.Q(('closed_at__isnull', True)), fields=['club'], name='checklist_open')],
            },
        ),
        migrations.CreateModel(
            name='Step',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('checklist', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='steps', to='onboarding.checklist')),
                ('position', models.PositiveSmallIntegerField()),
                ('title', models.CharField(max_length=120)),
                ('why', models.CharField(blank=True, max_length=300)),
                ('role', models.CharField(choices=[('operator', 'operator'), ('administrator', 'administrator'), ('manager', 'manager'), ('owner', 'owner')], max_length=16)),
                ('employee', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='steps', to='memberships.employee')),
                ('due_day', models.PositiveSmallIntegerField()),
                ('due_on', models.DateField()),
                ('is_call', models.BooleanField(default=False)),
                ('fact', models.CharField(blank=True, choices=[('', 'nothing: somebody ticks it'), ('welcome_call', 'a welcome call that reached the member'), ('first_visit', 'the first visit'), ('session', 'a first session booked'), ('review', 'a review meeting')], default='', max_length=16)),
                ('result_kind', models.CharField(choices=[('none', 'nothing to write down'), ('choice', 'one of several answers'), ('number', 'a number'), ('text', 'words'), ('file', 'a file')], default='none', max_length=8)),
                ('choices', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=80), blank=True, default=list, size=None)),
                ('status', models.CharField(choices=[('open', 'open'), ('done', 'done'), ('skipped', 'skipped')], default='open', max_length=8)),
                ('done_at', models.DateTimeField(blank=True, null=True)),
                ('done_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('result', models.TextField(blank=True, default='')),
                ('skip_reason', models.CharField(blank=True, default='', max_length=200)),
            ],
            options={
                'indexes': [models.Index(condition=models.Q(('status', 'open')), fields=['due_on'], name='step_due')],
                'constraints': [models.UniqueConstraint(fields=('checklist', 'position'), name='step_position_once')],
            },
        ),
        migrations.CreateModel(
            name='StepEvent',
            fields=[
                ('pgh_id', models.AutoField(primary_key=True, serialize=False)),
                ('pgh_created_at', models.DateTimeField(auto_now_add=True)),
                ('pgh_label', models.TextField(help_text='The event label.')),
                ('pgh_obj', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='events', to='onboarding.step')),
                ('pgh_context', pghistory.utils.JSONField(null=True)),
                ('pgh_context_id', models.UUIDField(null=True)),
                ('id', models.BigIntegerField()),
                ('checklist', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='onboarding.checklist')),
                ('position', models.PositiveSmallIntegerField()),
                ('title', models.CharField(max_length=120)),
                ('why', models.CharField(blank=True, max_length=300)),
                ('role', models.CharField(choices=[('operator', 'operator'), ('administrator', 'administrator'), ('manager', 'manager'), ('owner', 'owner')], max_length=16)),
                ('employee', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='memberships.employee')),
                ('due_day', models.PositiveSmallIntegerField()),
                ('due_on', models.DateField()),
                ('is_call', models.BooleanField(default=False)),
                ('fact', models.CharField(blank=True, choices=[('', 'nothing: somebody ticks it'), ('welcome_call', 'a welcome call that reached the member'), ('first_visit', 'the first visit'), ('session', 'a first session booked'), ('review', 'a review meeting')], default='', max_length=16)),
                ('result_kind', models.CharField(choices=[('none', 'nothing to write down'), ('choice', 'one of several answers'), ('number', 'a number'), ('text', 'words'), ('file', 'a file')], default='none', max_length=8)),
                ('choices', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=80), blank=True, default=list, size=None)),
                ('status', models.CharField(choices=[('open', 'open'), ('done', 'done'), ('skipped', 'skipped')], default='open', max_length=8)),
                ('done_at', models.DateTimeField(blank=True, null=True)),
                ('done_by', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to=settings.AUTH_USER_MODEL)),
                ('result', models.TextField(blank=True, default='')),
                ('skip_reason', models.CharField(blank=True, default='', max_length=200)),
            ],
            options={
                'abstract': False,
            },
        ),
        memberships.models.history.AddTriggers(
            triggers=[('checklisttemplate', pgtrigger.compiler.Trigger(name='insert_insert', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "onboarding_checklisttemplateevent" ("active", "club_id", "for_returns", "id", "name", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id") SELECT new_values."active", new_values."club_id", new_values."for_returns", new_values."id", new_values."name", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, ringback_now(), \'insert\', new_values."id" FROM ( SELECT new_values.* FROM new_values  ) AS new_values, _pgh_attached_context; RETURN NULL;', hash='ad0029e948c6b19bf2cf1b03911101138d741726', level='STATEMENT', operation='INSERT', pgid='pgtrigger_insert_insert_72ed3', referencing='REFERENCING NEW TABLE AS new_values ', table='onboarding_checklisttemplate', when='AFTER'))), ('checklisttemplate', pgtrigger.compiler.Trigger(name='update_update', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "onboarding_checklisttemplateevent" ("active", "club_id", "for_returns", "id", "name", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id") SELECT new_values."active", new_values."club_id", new_values."for_returns", new_values."id", new_values."name", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, ringback_now(), \'update\', new_values."id" FROM ( SELECT new_values.* FROM old_values JOIN new_values ON (old_values."id") = (new_values."id") WHERE (old_values.* IS DISTINCT FROM new_values.*) ) AS new_values, _pgh_attached_context; RETURN NULL;', hash='a05e19dfe7546e2d3740d4898ebc1a1f83b68775', level='STATEMENT', operation='UPDATE', pgid='pgtrigger_update_update_19695', referencing='REFERENCING OLD TABLE AS old_values  NEW TABLE AS new_values ', table='onboarding_checklisttemplate', when='AFTER'))), ('checklisttemplate', pgtrigger.compiler.Trigger(name='delete_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "onboarding_checklisttemplateevent" ("active", "club_id", "for_returns", "id", "name", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id") SELECT old_values."active", old_values."club_id", old_values."for_returns", old_values."id", old_values."name", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, ringback_now(), \'delete\', old_values."id" FROM ( SELECT old_values.* FROM old_values  ) AS old_values, _pgh_attached_context; RETURN NULL;', hash='6f990c182f3be1b488b0c5ce543b034fd1810833', level='STATEMENT', operation='DELETE', pgid='pgtrigger_delete_delete_c6567', referencing='REFERENCING OLD TABLE AS old_values ', table='onboarding_checklisttemplate', when='AFTER'))), ('checklisttemplateevent', pgtrigger.compiler.Trigger(name='append_only', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;", hash='e67a56f27c8ea0be7ffa3a8eac39acdbcf67c7b7', operation='UPDATE OR DELETE', pgid='pgtrigger_append_only_21737', table='onboarding_checklisttemplateevent', when='BEFORE'))), ('step', pgtrigger.compiler.Trigger(name='insert_insert', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "onboarding_stepevent" ("checklist_id", "choices", "done_at", "done_by_id", "due_day", "due_on", "employee_id", "fact", "id", "is_call", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "position", "result", "result_kind", "role", "skip_reason", "status", "title", "why") SELECT new_values."checklist_id", new_values."choices", new_values."done_at", new_values."done_by_id", new_values."due_day", new_values."due_on", new_values."employee_id", new_values."fact", new_values."id", new_values."is_call", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, ringback_now(), \'insert\', new_values."id", new_values."position", new_values."result", new_values."result_kind", new_values."role", new_values."skip_reason", new_values."status", new_values."title", new_values."why" FROM ( SELECT new_values.* FROM new_values  ) AS new_values, _pgh_attached_context; RETURN NULL;', hash='0362eae2512b6ac579a4bf594d750833c42aba74', level='STATEMENT', operation='INSERT', pgid='pgtrigger_insert_insert_5c737', referencing='REFERENCING NEW TABLE AS new_values ', table='onboarding_step', when='AFTER'))), ('step', pgtrigger.compiler.Trigger(name='update_update', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "onboarding_stepevent" ("checklist_id", "choices", "done_at", "done_by_id", "due_day", "due_on", "employee_id", "fact", "id", "is_call", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "position", "result", "result_kind", "role", "skip_reason", "status", "title", "why") SELECT new_values."checklist_id", new_values."choices", new_values."done_at", new_values."done_by_id", new_values."due_day", new_values."due_on", new_values."employee_id", new_values."fact", new_values."id", new_values."is_call", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, ringback_now(), \'update\', new_values."id", new_values."position", new_values."result", new_values."result_kind", new_values."role", new_values."skip_reason", new_values."status", new_values."title", new_values."why" FROM ( SELECT new_values.* FROM old_values JOIN new_values ON (old_values."id") = (new_values."id") WHERE (old_values.* IS DISTINCT FROM new_values.*) ) AS new_values, _pgh_attached_context; RETURN NULL;', hash='bcc466793d0734ab374503eaa971085a1ed6ff28', level='STATEMENT', operation='UPDATE', pgid='pgtrigger_update_update_af091', referencing='REFERENCING OLD TABLE AS old_values  NEW TABLE AS new_values ', table='onboarding_step', when='AFTER'))), ('step', pgtrigger.compiler.Trigger(name='delete_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "onboarding_stepevent" ("checklist_id", "choices", "done_at", "done_by_id", "due_day", "due_on", "employee_id", "fact", "id", "is_call", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "position", "result", "result_kind", "role", "skip_reason", "status", "title", "why") SELECT old_values."checklist_id", old_values."choices", old_values."done_at", old_values."done_by_id", old_values."due_day", old_values."due_on", old_values."employee_id", old_values."fact", old_values."id", old_values."is_call", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, ringback_now(), \'delete\', old_values."id", old_values."position", old_values."result", old_values."result_kind", old_values."role", old_values."skip_reason", old_values."status", old_values."title", old_values."why" FROM ( SELECT old_values.* FROM old_values  ) AS old_values, _pgh_attached_context; RETURN NULL;', hash='6e918bd73e0d415642374d9657d432beac313183', level='STATEMENT', operation='DELETE', pgid='pgtrigger_delete_delete_87c04', referencing='REFERENCING OLD TABLE AS old_values ', table='onboarding_step', when='AFTER'))), ('stepevent', pgtrigger.compiler.Trigger(name='append_only', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;", hash='b09d0475fcd43d379e61e4718f48adbe712b0ad1', operation='UPDATE OR DELETE', pgid='pgtrigger_append_only_9b66e', table='onboarding_stepevent', when='BEFORE')))],
        ),
    ]
