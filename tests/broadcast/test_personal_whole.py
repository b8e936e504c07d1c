"""What the house keeps of a person is in the file that the person may have, or stands here with the reason why not."""

from __future__ import annotations

import uuid

import pytest
from django.apps import apps

from broadcast import registry
from broadcast.models import Participant, User
from broadcast.personal import Whose

pytestmark = pytest.mark.django_db

OURS = ("broadcast", "live", "scheduling", "archive")
# By table that points at a participant, or at an account as its owner: the section of the file that has it.
SECTIONS = {
    "broadcast.Participant": "participants",
    "broadcast.LinkedIdentity": "linked",
    "broadcast.LoginSession": "logins",
    "broadcast.Consent": "consents",
    "broadcast.GuardianConsent": "guardians",
    "live.Comment": "comments",
    "live.Question": "questions",
    "live.Support": "supports",
    "live.Ballot": "ballots",
    "live.BallotCast": "ballots",
    "live.PollCode": "electorates",
    "live.Report": "reports",
    "live.Appeal": "appeals",
    "live.Sanction": "sanctions",
    "live.Withdrawal": "withdrawals",
    "live.Call": "calls",
    "scheduling.CalendarToken": "calendars",
}
REASONS = {
    "broadcast.Erasure": "the person's own page shows it",
    "broadcast.RoleGrant": "of whoever works here; such an account is not erased while it has one",
    "broadcast.SecondFactor": "secrets, which nobody may read",
    "broadcast.RecoveryCode": "secrets, which nobody may read",
    "broadcast.Passkey": "secrets, which nobody may read",
    "broadcast.Person": "who appears in shows: their own section `guest`, by their invitations",
    "live.Presence": "which page of the desk a worker has open, for seconds",
}


def of_a_person() -> set[str]:
    """Tables with a row that is somebody's, not one that somebody of staff made."""
    found = set()
    for model in (each for each in apps.get_models() if each._meta.app_label in OURS):
        fields = [each for each in model._meta.fields if each.is_relation]
        if any(each.related_model is Participant for each in fields) or any(
            each.related_model is User and each.name == "user" for each in fields
        ):
            found.add(model._meta.label)
    return found


def test_every_table_of_a_person_is_in_the_file_or_says_why_not() -> None:
    listed = set(SECTIONS) | set(REASONS)
    assert of_a_person() - listed == set(), "new: give it a section (registry.personal_data), erase it, and say so here"
    assert listed - of_a_person() == set(), "gone: take it out here"


def test_the_sections_are_there() -> None:
    nobody = Whose(uuid.uuid4(), ())
    there = {section.code for _name, sections in registry.personal_data for section in sections(nobody)}
    assert set(SECTIONS.values()) <= there
