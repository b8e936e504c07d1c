"""A person's photo is made anew from what was uploaded, has an address nobody guesses, and goes with the person's data."""

from __future__ import annotations

import io
from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image, PngImagePlugin

from broadcast.access import HOUSE, Actor
from broadcast.errors import InvalidInput, NotAllowed, NotFound
from broadcast.models import AuditEntry, Person, User
from broadcast.personal import Held, Whose
from scheduling import portraits
from scheduling.models import Photo
from scheduling.services import guest_data, people, photos
from scheduling.services.people import PersonPlan
from tests.scheduling import guests_making as making

SECRET = "22.5431N 114.0579E"


def picture(form: str = "JPEG", size: tuple[int, int] = (600, 900), mode: str = "RGB", **more: object) -> bytes:
    """Red above, blue below."""
    drawn = Image.new(mode, size, "red" if mode != "L" else 60)
    drawn.paste(Image.new(mode, (size[0], size[1] // 2), "blue" if mode != "L" else 200), (0, size[1] // 2))
    out = io.BytesIO()
    drawn.save(out, form, **more)
    return out.getvalue()


def opened(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(data))


def reddish(seen: Image.Image, at: tuple[int, int]) -> bool:
    colour = seen.getpixel(at)
    assert isinstance(colour, tuple)
    return bool(colour[0] > colour[2])


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
def test_a_portrait_is_a_square_jpeg_of_its_own(form: str) -> None:
    made = opened(portraits.square(picture(form)))
    assert (made.format, made.size, made.mode) == ("JPEG", (600, 600), "RGB")
    assert opened(portraits.square(picture(form, (3000, 2000)))).size == (portraits.SIDE, portraits.SIDE)


def test_nothing_else_that_the_file_said_is_passed_on() -> None:
    exif = Image.Exif()
    exif[0x010E] = SECRET
    said = PngImagePlugin.PngInfo()
    said.add_text("Comment", SECRET)
    tail = b"<script>" + SECRET.encode() + b"</script>"
    for data in (
        picture(exif=exif, comment=SECRET.encode()) + tail,
        picture("PNG", pnginfo=said) + tail,
        picture("WEBP", exif=exif) + tail,
    ):
        assert SECRET.encode() in data
        made = portraits.square(data)
        assert SECRET.encode() not in made
        assert b"Exif" not in made


def test_a_picture_taken_sideways_stands_upright() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # turn by 90 degrees to see it
    for side in (600, 3000):
        lying = opened(portraits.square(picture(size=(side, side), exif=exif)))
        assert reddish(lying, (580, 300))
        assert not reddish(lying, (20, 300))


def test_what_is_kept_of_a_tall_picture_is_chosen() -> None:
    def share_of_red(focus: str) -> float:
        made = opened(portraits.square(picture(size=(400, 1200)), focus)).resize((1, 100))
        return sum(reddish(made, (0, y)) for y in range(100)) / 100

    shares = [share_of_red(focus) for focus in ("top", "upper", "middle", "bottom")]
    assert shares == sorted(shares, reverse=True)
    assert shares[0] == 1.0
    assert shares[-1] == 0.0


def test_transparent_is_white_and_grey_or_palettes_are_taken() -> None:
    clear = Image.new("RGBA", (200, 200), (0, 0, 0, 0))
    out = io.BytesIO()
    clear.save(out, "PNG")
    assert opened(portraits.square(out.getvalue())).getpixel((100, 100)) == (255, 255, 255)
    for mode in ("L", "P", "CMYK"):
        out = io.BytesIO()
        Image.new(mode, (200, 200)).save(out, "JPEG" if mode == "CMYK" else "PNG")
        assert opened(portraits.square(out.getvalue())).mode == "RGB"


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "type"),
        (b"GIF89a" + b"\0" * 100, "type"),
        (b'<svg xmlns="http://www.w3.org/2000/svg"><script>1</script></svg>', "type"),
        (picture("GIF"), "type"),
        (picture("TIFF"), "type"),
        (picture(size=(159, 900)), "small"),
        (picture()[:800], "broken"),
        (picture("PNG")[:300], "broken"),
        (picture() + b"\0" * portraits.MOST_BYTES, "size"),
        # 100 megapixels in some kilobytes, and 20 of what is held whole.
        (picture("PNG", (10_000, 10_000), "L"), "size"),
        (picture("PNG", (4_000, 5_000), "L"), "size"),
    ],
)
def test_what_is_no_picture_for_us_is_refused_by_name(data: bytes, code: str) -> None:
    with pytest.raises(portraits.BadPicture) as refused:
        portraits.square(data)
    assert refused.value.code == code


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.sampled_from(["JPEG", "PNG", "WEBP"]), st.lists(st.tuples(st.floats(0, 0.999), st.integers(0, 255)), max_size=40)
)
def test_damaged_files_are_refused_or_taken_and_nothing_else_happens(
    form: str, changes: list[tuple[float, int]]
) -> None:
    data = bytearray(picture(form, (200, 200)))
    for place, value in changes:
        data[int(place * len(data))] = value
    try:
        made = portraits.square(bytes(data))
    except portraits.BadPicture:
        return
    assert opened(made).format == "JPEG"


@pytest.mark.django_db
def test_only_producers_keep_photos_and_each_act_is_recorded() -> None:
    person = people.add(HOUSE, PersonPlan(name="林委员"))
    for actor in (Actor(), making.producer(role="host"), making.producer(role="moderator")):
        with pytest.raises(NotAllowed):
            photos.keep(actor, person.pk, picture())
        with pytest.raises(NotAllowed):
            photos.drop(actor, person.pk)
    first = photos.keep(making.producer(), person.pk, picture()).name
    second = photos.keep(HOUSE, person.pk, picture("PNG")).name
    assert first != second
    assert Photo.objects.get().name == second
    assert photos.drop(HOUSE, person.pk)
    assert not photos.drop(HOUSE, person.pk)
    acts = AuditEntry.objects.filter(target=f"person:{person.pk}").order_by("pk").values_list("act", flat=True)
    assert list(acts) == ["person.add", "person.photo", "person.photo", "person.photo_drop"]
    with pytest.raises(NotFound):
        photos.keep(HOUSE, person.pk + 1, picture())
    with pytest.raises(InvalidInput):
        photos.keep(HOUSE, person.pk, picture(), "sideways")


@pytest.mark.django_db
def test_an_address_ends_with_its_photo() -> None:
    person = people.add(HOUSE, PersonPlan(name="林委员"))
    photos.keep(HOUSE, person.pk, picture())
    address = photos.photo_address(person.pk)
    told = Client().get(address)
    assert (told.status_code, told["Content-Type"]) == (200, "image/jpeg")
    assert told["X-Content-Type-Options"] == "nosniff"
    assert opened(told.content).size == (600, 600)
    photos.keep(HOUSE, person.pk, picture("PNG"))
    assert Client().get(address).status_code == 404


@pytest.mark.django_db
def test_the_photo_is_told_and_forgotten_with_a_persons_data() -> None:
    user = User.objects.create(username="guest")
    person = Person.objects.create(name="林委员", user=user)
    photos.keep(HOUSE, person.pk, picture())
    whose = Whose(uuid4(), (), user.pk)
    told = guest_data.sections(whose)[0].rows[0]
    assert told["photo"] == photos.photo_address(person.pk)
    found = guest_data.forget(whose, Held())
    assert found.done["photo"] == 1
    assert not Photo.objects.exists()


@pytest.mark.django_db
def test_a_photo_is_put_on_a_persons_page_and_errors_stand_beside_the_field() -> None:
    person = people.add(HOUSE, PersonPlan(name="林委员"))
    user = making.producer().user_id
    client = Client()
    client.force_login(User.objects.get(pk=user))
    page, act = f"/staff/people/{person.pk}/", f"/staff/people/{person.pk}/photo"
    assert "加照片" in client.get(page).content.decode()
    refused = client.post(act, {"photo": SimpleUploadedFile("a.jpg", b"MZ" * 50), "focus": "upper"})
    assert refused.status_code == 422
    assert "这不是 JPEG、PNG 或 WebP 图片" in refused.content.decode()
    assert client.post(act, {}).status_code == 422
    kept = client.post(act, {"photo": SimpleUploadedFile("a.svg", picture()), "focus": "middle"})
    assert kept.status_code == 302
    address = photos.photo_address(person.pk)
    assert address in client.get(page).content.decode()
    assert address in client.get("/staff/people/").content.decode()
    assert client.post(act, {"act": "drop"}).status_code == 302
    assert address not in client.get(page).content.decode()
