"""Photos of people who appear, in the database, so that they are backed up and erased with the person; no rules beyond constraints."""

from __future__ import annotations

from django.db import models


class Photo(models.Model):
    """One person's portrait: a square JPEG made by `scheduling.portraits`. `name` is unguessable: it is the address."""

    person = models.OneToOneField("broadcast.Person", on_delete=models.CASCADE, related_name="photo", primary_key=True)
    name = models.CharField(max_length=32, unique=True)
    picture = models.BinaryField()
    at = models.DateTimeField()

    def __str__(self) -> str:
        return self.name
