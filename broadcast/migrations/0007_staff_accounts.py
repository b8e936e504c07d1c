"""三员 apart, grants with an end and a giver, second factors, passkeys, open log-ins; `administrator` and superusers become offices.

Whoever held `administrator` in the whole house, or was a superuser, becomes system administrator if he has no work beside it; else,
and in a single programme, he becomes producer there, which keeps his work. An auditor with work beside it is no auditor any more.
The first security administrator is named on the machine: `./yishi account`.
"""

import sys

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models
from django.utils import timezone

SEATS = {"member", "guest_speaker"}


def part_the_offices(apps, schema_editor):
    User = apps.get_model("broadcast", "User")
    RoleGrant = apps.get_model("broadcast", "RoleGrant")
    held = RoleGrant.objects.filter(role="administrator").values_list("user", flat=True)
    for user in User.objects.filter(models.Q(pk__in=held) | models.Q(is_superuser=True)):
        grants = list(RoleGrant.objects.filter(user=user))
        scopes = {each.programme_id for each in grants if each.role == "administrator"} | ({None} if user.is_superuser else set())
        work = {each.role for each in grants} - SEATS - {"administrator"}
        RoleGrant.objects.filter(user=user, role="administrator").delete()
        role = "system_administrator" if scopes == {None} and not work else "producer"
        for programme_id in scopes:
            values = {"granted_at": timezone.now()}
            RoleGrant.objects.get_or_create(user=user, programme_id=programme_id, role=role, defaults=values)
        User.objects.filter(pk=user.pk).update(is_superuser=False, is_staff=False)
        sys.stderr.write(f"{user.username}: administrator -> {role}\n")
    auditors = RoleGrant.objects.filter(role="auditor")
    for user in User.objects.filter(pk__in=auditors.values_list("user", flat=True)):
        if set(RoleGrant.objects.filter(user=user).values_list("role", flat=True)) - SEATS - {"auditor"}:
            auditors.filter(user=user).delete()
            sys.stderr.write(f"{user.username}: auditor ended, he has other work\n")
    # What follows changes the same tables.
    schema_editor.execute("SET CONSTRAINTS ALL IMMEDIATE")


TRIGGER = """
CREATE FUNCTION broadcast_offices_apart() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    offices CONSTANT text[] := ARRAY['system_administrator', 'security_administrator', 'auditor'];
    seats CONSTANT text[] := ARRAY['member', 'guest_speaker'];
    other text;
BEGIN
    -- Two grants to one account at the same time wait for each other here.
    PERFORM 1 FROM broadcast_user WHERE id = NEW.user_id FOR NO KEY UPDATE;
    SELECT role INTO other FROM broadcast_rolegrant
    WHERE user_id = NEW.user_id AND id <> NEW.id AND role <> NEW.role
        AND (role = ANY(offices) OR NEW.role = ANY(offices))
        AND role <> ALL(seats) AND NEW.role <> ALL(seats)
    LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION '% and % are never one person''s', NEW.role, other
            USING ERRCODE = 'check_violation', CONSTRAINT = 'offices_apart';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER offices_apart BEFORE INSERT OR UPDATE ON broadcast_rolegrant
    FOR EACH ROW EXECUTE FUNCTION broadcast_offices_apart();
"""
NO_TRIGGER = "DROP TRIGGER offices_apart ON broadcast_rolegrant; DROP FUNCTION broadcast_offices_apart();"


class Migration(migrations.Migration):

    dependencies = [
        ('broadcast', '0006_keeping'),
    ]

    operations = [
        migrations.RunPython(part_the_offices, migrations.RunPython.noop),
        migrations.CreateModel(
            name='LoginSession',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('session_key', models.CharField(max_length=40, unique=True)),
                ('began_at', models.DateTimeField()),
                ('seen_at', models.DateTimeField()),
                ('address', models.CharField(blank=True, max_length=64)),
                ('device', models.CharField(blank=True, max_length=300)),
            ],
        ),
        migrations.CreateModel(
            name='Passkey',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('credential_id', models.BinaryField(unique=True)),
                ('public_key', models.BinaryField()),
                ('sign_count', models.BigIntegerField(default=0)),
                ('name', models.CharField(blank=True, max_length=40)),
                ('made_at', models.DateTimeField()),
                ('used_at', models.DateTimeField(blank=True, null=True)),
            ],
        ),
        migrations.CreateModel(
            name='RecoveryCode',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('digest', models.CharField(max_length=64)),
                ('used_at', models.DateTimeField(blank=True, null=True)),
            ],
        ),
        migrations.CreateModel(
            name='RolePolicy',
            fields=[
                ('role', models.CharField(choices=[('member', '委员'), ('guest_speaker', '嘉宾'), ('department_respondent', '部门答复人'), ('call_screener', '导听'), ('moderator', '审核员'), ('duty_leader', '值班长'), ('producer', '编导'), ('host', '主持人'), ('secretariat', '秘书处'), ('auditor', '审计员'), ('system_administrator', '系统管理员'), ('security_administrator', '安全管理员')], max_length=32, primary_key=True, serialize=False)),
                ('needs_second_factor', models.BooleanField()),
                ('changed_at', models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name='SecondFactor',
            fields=[
                ('user', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='second_factor', serialize=False, to=settings.AUTH_USER_MODEL)),
                ('secret_sealed', models.BinaryField(blank=True, null=True)),
                ('begun_at', models.DateTimeField(blank=True, null=True)),
                ('confirmed_at', models.DateTimeField(blank=True, null=True)),
                ('last_step', models.BigIntegerField(default=0)),
                ('wrong_tries', models.PositiveSmallIntegerField(default=0)),
                ('wrong_since', models.DateTimeField(blank=True, null=True)),
            ],
        ),
        migrations.AddField(
            model_name='rolegrant',
            name='expires_at',
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name='rolegrant',
            name='granted_by',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AlterField(
            model_name='rolegrant',
            name='role',
            field=models.CharField(choices=[('member', '委员'), ('guest_speaker', '嘉宾'), ('department_respondent', '部门答复人'), ('call_screener', '导听'), ('moderator', '审核员'), ('duty_leader', '值班长'), ('producer', '编导'), ('host', '主持人'), ('secretariat', '秘书处'), ('auditor', '审计员'), ('system_administrator', '系统管理员'), ('security_administrator', '安全管理员')], max_length=32),
        ),
        migrations.AddConstraint(
            model_name='rolegrant',
            constraint=models.CheckConstraint(condition=models.Q(('programme', None), models.Q(('role__in', ['system_administrator', 'security_administrator']), _negated=True), _connector='OR'), name='offices_are_of_the_house'),
        ),
        migrations.AddConstraint(
            model_name='rolegrant',
            constraint=models.CheckConstraint(condition=models.Q(('granted_by', None), models.Q(('granted_by', models.F('user')), _negated=True), _connector='OR'), name='nobody_grants_to_himself'),
        ),
        migrations.AddField(
            model_name='loginsession',
            name='user',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='login_sessions', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='passkey',
            name='user',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='passkeys', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='recoverycode',
            name='user',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='recovery_codes', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='rolepolicy',
            name='changed_by',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddConstraint(
            model_name='recoverycode',
            constraint=models.UniqueConstraint(fields=('user', 'digest'), name='one_recovery_code'),
        ),
        migrations.RunSQL(TRIGGER, NO_TRIGGER),
    ]
