"""A show of its own for journeys at the moderation desk, with citizens' words in it; made in the house by the services like everything."""

from __future__ import annotations

import json
from dataclasses import dataclass

from tests.journeys.house import House

_SHOW = """
import json
from broadcast import clock
from broadcast.models import RoleGrant, User
from tests.live import making
show = making.make_show(**{rules})
for name, role in {staff}.items():
    RoleGrant.objects.create(user=User.objects.get(username=name), programme=show.programme, role=role, granted_at=clock.now())
print(json.dumps([str(show.id), show.programme.pk, f"/programmes/{{show.programme.slug}}/{{show.episode.number}}/"]))
"""
_SAY = """
import json, uuid
from live.services import audience
from tests.live import making
texts = {texts}
writers = [making.make_viewer(name=name) for name in {names}]
made = []
for at in range(0, len(texts), 100):
    sent = [
        (writers[(at + n) % len(writers)], uuid.UUID({airing!r}), making.question(text) if text.endswith("？") else making.comment(text))
        for n, text in enumerate(texts[at : at + 100])
    ]
    for outcome in audience.commit_batch(sent):
        made.append([outcome.result["kind"], outcome.result["item"]])
print(json.dumps(made))
"""


@dataclass
class Desk:
    """One show on air, with moderators `moderator` and `moderator2` and the duty leader `leader` of the demo."""

    house: House
    airing: str
    programme: int
    page: str

    @classmethod
    def of(cls, house: House, **rules: object) -> Desk:
        """A programme of its own; `rules` are its fields."""
        staff = {"moderator": "moderator", "moderator2": "moderator", "leader": "duty_leader"}
        airing, programme, page = json.loads(house.does(_SHOW.format(rules=rules, staff=staff)))
        return cls(house, airing, programme, page)

    @property
    def address(self) -> str:
        return f"/staff/airings/{self.airing}/desk"

    def said(self, *texts: str, writers: int = 20) -> list[tuple[str, int]]:
        """Citizens write these, a question where it ends in ？; each item's kind and id, in this order."""
        names = [f"市民{number + 1}" for number in range(writers)]
        found = json.loads(self.house.does(_SAY.format(texts=list(texts), names=names, airing=self.airing)))
        return [(kind, item) for kind, item in found]

    def filled(self, many: int) -> None:
        """So many comments wait, put there as rows: what is looked at is the page, not how they came."""
        self.house.does(f"""
from broadcast import clock
from live.models import Comment
from tests.live import making
author = making.make_viewer(name="市民").participant_id
now = clock.now()
Comment.objects.bulk_create([
    Comment(room_id="{self.airing}", author_id=author, author_name="市民", assurance=20, text=f"第 {{n}} 句话", state="pending",
            command_id=f"filled-{{n}}", created_at=now, staff_seq=1)
    for n in range({many})
])
""")

    def states(self) -> dict[str, int]:
        """How many items stand in each state."""
        words = f"""
import json
from collections import Counter
from live.models import Comment, Question
found = Counter()
for model in (Comment, Question):
    found.update(model.objects.filter(room="{self.airing}").values_list("state", flat=True))
print(json.dumps(found))
"""
        states: dict[str, int] = json.loads(self.house.does(words))
        return states

    def decisions(self) -> list[int]:
        """How many acts of deciding the audit holds for each item of this show."""
        words = f"""
import json
from collections import Counter
from broadcast.models import AuditEntry
verbs = ("approve", "reject", "escalate", "withdraw")
found = Counter(
    each.target
    for each in AuditEntry.objects.filter(airing_id="{self.airing}")
    if each.act.partition(".")[2] in verbs
)
print(json.dumps(list(found.values())))
"""
        counted: list[int] = json.loads(self.house.does(words))
        return counted

    def rule(self, name: str, *words: str, action: str = "hold") -> None:
        """A rule of this programme, switched on by the duty leader."""
        self.house.does(f"""
from broadcast.access import Actor
from broadcast.models import User
from live.services import rules
leader = User.objects.get(username="leader")
actor = Actor(user_id=leader.pk, name=str(leader))
made = rules.create(actor, rules.Draft({name!r}, "terms", {action!r}, programme={self.programme}, words={words!r}))
rules.switch(actor, made.number, True)
""")
