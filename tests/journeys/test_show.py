"""The whole show in a real browser with a real encoder: planned, announced, on air, moderated, voted on, cut, ended, replayed."""

from __future__ import annotations

import datetime as dt
import os
import re
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import httpx
import m3u8
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.journeys.citizen import some_phone
from tests.journeys.house import House
from tests.journeys.pages import DESK, PHONE, Person, wait_for
from tests.journeys.publisher import Publisher

CHROMIUM = shutil.which("chromium")
# Shorter than the programme's own, so that a story with ten waits for it does not take minutes.
DELAY_SECONDS = 8
TITLE = "老旧小区加装电梯怎么商量"
# Seconds of the delayed line that a viewer had not seen when its picture was let go.
_TAIL = """() => {
  const video = document.getElementById("video");
  window.leftOut = null;
  setInterval(() => {
    const playing = document.querySelector(".onair")?.textContent.includes("正在播完最后一段") && video.currentTime > 0;
    if (playing && video.seekable.length) window.leftOut = video.seekable.end(video.seekable.length - 1) - video.currentTime;
  }, 100);
}"""
pytestmark = [
    pytest.mark.browser,
    pytest.mark.ffmpeg,
    pytest.mark.timeout(600),
    pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed: apt-get install chromium"),
]


@dataclass
class Cast:
    """Everybody of the journey, and what they learn on the way."""

    house: House
    producer: Person
    control: Person
    one: Person
    two: Person
    moderator: Person
    colleague: Person
    page: str = ""
    airing: str = ""
    srt: str = ""
    rtmp: str = ""
    publisher: Publisher | None = None

    def everybody(self) -> list[Person]:
        return [self.producer, self.control, self.one, self.two, self.moderator, self.colleague]

    def shoot(self, folder: Path) -> None:
        """Leave a picture of what each of them sees."""
        for name in ("producer", "control", "one", "two", "moderator", "colleague"):
            getattr(self, name).page.screenshot(path=folder / f"{name}.png")


@pytest.fixture(scope="module")
def people(house: House, browser: Browser) -> Iterator[Cast]:
    def person(size: dict[str, int]) -> Person:
        return Person(browser, house.address, size)

    rule = f"Programme.objects.filter(slug='members-forum').update(delay_seconds={DELAY_SECONDS})"
    house.does(f"from broadcast.models import Programme; {rule}")
    words = house.accounts()
    found = Cast(
        house,
        producer=person(DESK).log_in("producer", words["producer"]),
        control=person(DESK).log_in("producer", words["producer"]),
        one=person(PHONE),
        two=person(DESK),
        moderator=person(DESK).log_in("moderator", words["moderator"]),
        colleague=person(PHONE).log_in("moderator2", words["moderator2"]),
    )
    yield found
    if "JOURNEY_SHOTS" in os.environ:
        found.shoot(Path(os.environ["JOURNEY_SHOTS"]))
    if found.publisher:
        found.publisher.stop()


def decide(moderator: Person, words: str, *keys: str, seconds: float = 15) -> None:
    """Go to the row with these words and decide by keyboard."""
    moderator.sees(words, seconds).click()
    for key in keys:
        moderator.page.keyboard.press(key)


# The tests below are one story told in order; each stands on the one before.


def test_a_producer_plans_an_episode_and_announces_it(people: Cast) -> None:
    producer, page = people.producer, people.producer.page
    producer.open("/staff/episodes/new?programme=members-forum")
    start = dt.datetime.now(ZoneInfo("Asia/Shanghai")) + dt.timedelta(minutes=1)
    page.locator("#id_title").fill(TITLE)
    page.locator("#id_description").fill("电梯装在哪里，钱怎么出，一楼怎么办。")
    page.locator("#id_date").fill(start.strftime("%Y-%m-%d"))
    page.locator("#id_start").fill(start.strftime("%H:%M"))
    page.locator("#id_minutes").fill("60")
    page.locator("#id_feed").select_option(label="video-1")
    for row, (title, minutes) in enumerate([("为什么难", "20"), ("怎么商量", "30"), ("部门怎么办", "10")]):
        page.locator(f"#id_segments-{row}-title").fill(title)
        page.locator(f"#id_segments-{row}-minutes").fill(minutes)
        page.locator(f"#id_segments-{row}-role").select_option(index=row + 1)
    page.locator("#id_guests-0-name").fill("林委员")
    page.locator("#id_guests-0-organisation").fill("市政协")
    page.locator("#id_guests-0-role").select_option(value="member")
    producer.press("保存第一稿")
    producer.sees(TITLE)
    producer.press("发布预告", exact=False)
    producer.sees("页面已公开")
    people.page = urlsplit(str(page.get_by_role("link", name="公众页面").get_attribute("href"))).path
    assert people.page.startswith("/programmes/members-forum/")


def test_the_coming_show_is_on_the_home_page_and_has_a_page(people: Cast) -> None:
    people.one.open("/").sees(TITLE)
    people.one.open(people.page).sees(TITLE)
    people.two.open(people.page).sees(TITLE)


def test_the_feed_is_opened_and_an_encoder_arrives(people: Cast) -> None:
    producer, page = people.producer, people.producer.page
    producer.press("打开信号", exact=False)
    page.get_by_text("显示地址、口令和密钥").click()
    codes = page.locator(".secret code").all_inner_texts()
    people.srt, people.rtmp = codes[0], f"{codes[2].rstrip('/')}/{codes[3]}"
    assert people.srt.startswith("srt://127.0.0.1:")
    people.airing = re.findall(r"[0-9a-f-]{36}", str(page.get_by_role("link", name="控制室").get_attribute("href")))[0]
    wrong = Publisher(re.sub(r"passphrase=[^&]+", "passphrase=not-the-passphrase", people.srt)).start()
    assert wrong.refused_within(15), "a wrong passphrase is refused"
    people.publisher = Publisher(people.srt).start()
    people.control.open(f"/staff/airings/{people.airing}/control")
    people.control.sees("信号已到，可以开播", 30)


def test_it_goes_on_air_and_viewers_see_the_picture_after_the_delay(people: Cast) -> None:
    people.control.press("开播…")
    people.control.page.locator("[role=alertdialog]").get_by_role("button", name="开播", exact=True).click()
    began = time.monotonic()
    people.one.sees("直播中")
    people.control.press("开始这一环节")
    people.two.sees_picture_move(DELAY_SECONDS + 30)
    assert time.monotonic() - began > DELAY_SECONDS - 1, "nothing is public before the delay has passed"
    people.one.sees_picture_move()


def test_a_viewer_chooses_the_quality_or_the_sound_alone(people: Cast) -> None:
    page = people.two.page
    # The controls hide while nobody moves.
    page.locator("#player").hover()
    choice = page.locator("#controls select")
    low = min(int(each.removesuffix("p")) for each in choice.locator("option").all_inner_texts() if each.endswith("p"))
    choice.select_option(label=f"{low}p")
    wait_for_video(page, f"video.videoHeight === {low}")
    page.locator("#player").hover()
    page.locator("#controls").get_by_role("button", name="只听").click()
    wait_for_video(page, "video.videoHeight === 0 && video.currentTime > 0 && !video.paused && video.readyState > 2")
    people.two.sees("只听声音")
    page.reload()
    wait_for_video(page, "video.videoHeight === 0 && video.currentTime > 0 && video.readyState > 2")
    page.locator("#cover").get_by_role("button", name="看画面").click()
    wait_for_video(page, f"video.videoHeight === {low} && !video.paused")
    people.two.sees_picture_move()


def wait_for_video(page: Page, condition: str) -> None:
    page.wait_for_function(
        f"() => {{ const video = document.getElementById('video'); return video && {condition}; }}", timeout=60_000
    )


def test_a_comment_is_public_only_after_approval_and_two_moderators_do_not_collide(people: Cast) -> None:
    desk = f"/staff/airings/{people.airing}/desk"
    people.moderator.open(desk)
    people.colleague.open(desk)
    people.one.page.locator("#say").fill("一楼的补偿怎么定？")
    people.one.page.locator("#say").press("Enter")
    people.one.verify_phone(some_phone())
    people.one.sees("待审核")
    people.moderator.sees("一楼的补偿怎么定？")
    people.colleague.sees("一楼的补偿怎么定？")
    people.two.does_not_see("一楼的补偿怎么定？", 1)
    people.moderator.page.keyboard.press("a")
    people.moderator.sees("已记录")
    people.two.sees("一楼的补偿怎么定？", 5)
    people.one.sees("已公开", 5)
    people.colleague.sees("审核员甲", 5)


def test_a_rejected_author_learns_the_reason(people: Cast) -> None:
    people.one.page.locator("#say").fill("加我微信便宜装电梯")
    people.one.page.locator("#say").press("Enter")
    decide(people.moderator, "加我微信便宜装电梯", "r", "2")
    people.one.sees("未通过", 5)
    people.one.sees("广告引流")
    people.two.does_not_see("加我微信便宜装电梯", 1)


def test_a_question_goes_from_asked_to_answered(people: Cast) -> None:
    people.two.tab("提问")
    people.two.page.locator("#ask").fill("电费由谁出？")
    people.two.press("提交问题")
    people.two.verify_phone(some_phone())
    decide(people.moderator, "电费由谁出？", "a")
    people.one.tab("提问")
    people.one.sees("电费由谁出？", 5)
    people.one.page.locator("button.support").first.click()
    expect(people.two.page.locator(".support").first).to_contain_text("1 人", timeout=5_000)
    control = people.control
    control.press("已公开", exact=False)
    control.press("放进提问单")
    control.press("提问单", exact=False)
    control.press("上屏")
    shown = time.monotonic()
    control.sees(f"公众 {DELAY_SECONDS} 秒后看到")
    people.one.sees("正在回答", DELAY_SECONDS + 15)
    assert time.monotonic() - shown > DELAY_SECONDS - 2, "with its picture, not before"
    control.press("已答", exact=True)
    people.one.sees("已答", DELAY_SECONDS + 15)


def test_a_poll_counts_one_ballot_a_person_and_lets_them_change_it(people: Cast) -> None:
    control, page = people.control, people.control.page
    control.press("备一个投票")
    page.locator("#pq").fill("您家楼里最难商量的是什么？")
    page.get_by_label("选项 1").fill("钱怎么分摊")
    page.get_by_label("选项 2").fill("采光和噪音")
    page.locator("#pr").select_option(value="always")
    control.press("备好")
    control.press("开始投票")
    for person in (people.one, people.two):
        person.tab("投票")
        person.page.locator("label.option").first.wait_for(timeout=(DELAY_SECONDS + 15) * 1000)
    for person, choice in ((people.one, "钱怎么分摊"), (people.two, "采光和噪音")):
        person.page.locator("label.option", has_text=choice).click()
        person.press("确认投票")
        person.sees(f"已投：{choice}")
    people.two.sees("共 2 票")
    people.two.press("修改选择")
    people.two.page.locator("label.option", has_text="钱怎么分摊").click()
    people.two.press("确认投票")
    people.two.sees("已投：钱怎么分摊")
    expect(people.one.page.locator("table.result")).to_contain_text("2 票", timeout=15_000)
    people.one.sees("共 2 票")
    control.press("结束投票…")
    page.locator("[role=alertdialog]").get_by_role("button", name="结束投票", exact=True).click()
    people.one.sees("已结束", DELAY_SECONDS + 15)


def test_who_lost_the_network_comes_back_by_itself_with_nothing_missing_or_doubled(people: Cast) -> None:
    people.two.tab("讨论")
    people.two.context.set_offline(True)
    people.one.tab("讨论")
    for words in ("断网时的第一条", "断网时的第二条"):
        people.one.page.locator("#say").fill(words)
        people.one.page.locator("#say").press("Enter")
        decide(people.moderator, words, "a")
        people.one.page.locator(".talk li", has_text=words).get_by_text("已公开").wait_for()
    people.two.page.locator("#say").fill("我在断网时写的")
    people.two.page.locator("#say").press("Enter")
    people.two.context.set_offline(False)
    for words in ("断网时的第一条", "断网时的第二条"):
        people.two.sees(words, 30)
        expect(people.two.page.locator(".talk li", has_text=words)).to_have_count(1)
    decide(people.moderator, "我在断网时写的", "a", seconds=30)
    people.one.sees("我在断网时写的", 10)
    expect(people.two.page.locator(".talk li", has_text="我在断网时写的")).to_have_count(1)


def test_what_is_withdrawn_is_gone_everywhere_within_two_seconds(people: Cast) -> None:
    moderator = people.moderator
    moderator.page.locator(".queues a, .queues button", has_text="已公开").first.click()
    decide(moderator, "断网时的第一条", "w", "6")
    moderator.sees("已记录")
    people.two.does_not_see("断网时的第一条", 2.5)
    state = httpx.get(f"{people.house.address}/live/airings/{people.airing}/state").text
    assert "断网时的第一条" not in state


def test_a_dropped_source_is_told_and_goes_on_over_rtmp(people: Cast) -> None:
    assert people.publisher
    people.publisher.stop()
    people.control.sees("信号中断", 30)
    people.two.sees("现场信号中断", DELAY_SECONDS + 40)
    wrong = Publisher(people.rtmp[:-3] + "xxx").start()
    assert wrong.refused_within(15), "a wrong key is refused"
    people.publisher = Publisher(people.rtmp).start()
    people.two.does_not_see("现场信号中断", DELAY_SECONDS + 40)
    people.two.sees_picture_move(60)


def test_cut_withholds_the_tail_everywhere_and_resume_goes_on(people: Cast) -> None:
    control = people.control
    control.press("揭开护盖")
    hold = control.page.get_by_role("button", name="按住切断", exact=False)
    hold.hover()
    control.page.mouse.down()
    control.page.wait_for_timeout(2_600)
    control.page.mouse.up()
    people.one.sees("暂停播出", 5)
    people.two.sees("暂停播出", 5)
    control.press("恢复播出", exact=False)
    confirm = control.page.locator("[role=alertdialog]").get_by_role("button", name="恢复", exact=False)
    if confirm.count():
        confirm.first.click()
    people.two.does_not_see("暂停播出", DELAY_SECONDS + 20)
    people.two.sees_picture_move(60)


def test_the_end_gives_staff_a_replay_at_once_and_the_public_one_after_sign_off(people: Cast) -> None:
    control = people.control
    people.one.page.evaluate(_TAIL)
    control.press("结束直播…")
    control.page.locator("[role=alertdialog]").get_by_role("button", name="结束直播", exact=True).click()
    ended = time.monotonic()
    address = f"{people.house.address}/media/airings/{people.airing}/replay/index.m3u8"
    staff = {cookie["name"]: cookie["value"] for cookie in control.context.cookies()}

    def replay() -> m3u8.M3U8 | None:
        answer = httpx.get(address, cookies=staff)
        found = m3u8.loads(answer.text) if answer.status_code == 200 else None
        return found if found and found.is_endlist else None

    playlist = wait_for(replay, 10, "the replay for staff")
    assert time.monotonic() - ended <= 5, "staff can play it within five seconds"
    assert sum(segment.duration for segment in playlist.segments) > DELAY_SECONDS
    assert httpx.get(address).status_code in {403, 404}, "not public before sign-off"
    people.one.sees("直播已结束", DELAY_SECONDS + 20)
    people.producer.open("/staff/")
    people.producer.page.get_by_role("link", name=TITLE).first.click()
    people.producer.press("签发", exact=False)
    people.one.sees("播放回看", DELAY_SECONDS + 60)
    missed = people.one.page.evaluate("() => window.leftOut")
    assert missed is not None
    assert missed < 2, "who was watching sees the show to its end, and then the replay"
    assert httpx.get(address).status_code == 200
    people.two.open(people.page)
    people.two.page.get_by_role("button", name="播放", exact=False).first.click()
    people.two.sees_picture_move(30)
    people.two.sees("电费由谁出？")


def test_nobody_saw_an_error_or_broke_the_content_policy(people: Cast) -> None:
    assert {person.size["width"]: person.errors for person in people.everybody() if person.errors} == {}
