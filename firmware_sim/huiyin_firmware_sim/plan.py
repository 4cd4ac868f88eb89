"""A plausible day at a counter, from a seed: who comes when, in what mood, and what they say. Pure.

The same seed, device and date always give the same day, and a device's day does not depend on the other devices.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from random import Random

from huiyin_firmware_sim.voices import ENGLISH_NAMES, SURNAMES, VOICES, WORDS, Voice
from huiyin_shared.events import Contact, Event, Feedback, Rating, RatingDetail, Reading
from huiyin_shared.ids import CROCKFORD, DeviceId
from huiyin_shared.survey import LEVELS, REASONS, Language, Level, tone

HOUR_MS = 3_600_000
OPENS_MS = 8 * HOUR_MS + HOUR_MS // 2
CLOSES_MS = 17 * HOUR_MS + HOUR_MS // 2
"""Opening hours, milliseconds since local midnight."""

SHARE_OF_LEVELS: dict[Level, float] = {5: 0.50, 4: 0.27, 3: 0.13, 2: 0.06, 1: 0.04}
SHARE_ENGLISH = 0.08
SHARE_GIVING_REASONS = {"good": 0.20, "fair": 0.45, "bad": 0.70}
SHARE_GIVING_WORDS = 0.25
SHARE_GIVING_FEEDBACK = 0.03
SHARE_LEAVING_CONTACT = 0.6
SHARE_BY_WEEKDAY = (1.1, 1.0, 0.95, 0.95, 1.0, 0.45, 0.25)
"""Monday first: Mondays are busy, weekends are quiet."""


@dataclass(frozen=True)
class Tap:
    """A visitor presses one of the five buttons."""

    level: Level


@dataclass(frozen=True)
class Details:
    """The visitor says why, a moment after the tap."""

    level: Level
    reasons: tuple[str, ...]
    words: str


@dataclass(frozen=True)
class Letter:
    """A visitor writes a complaint, suggestion, praise or enquiry."""

    voice: Voice
    contact: Contact | None


@dataclass(frozen=True)
class Act:
    """One thing that happens at a device, `at_ms` after local midnight; `visit` joins the acts of one visit."""

    at_ms: int
    device: DeviceId
    visit: str
    language: Language
    what: Tap | Details | Letter


@dataclass(frozen=True)
class Place:
    """Where a device stands, as its acts become events: its counter, who sits there, which categories there are."""

    counter: str
    staff: str = ""
    categories: frozenset[str] = frozenset()


def bustle(at_ms: int) -> float:
    """Return how busy a hall is at a time of day, 0 to 1: peaks at ten and three, a dip at half past twelve."""
    if not OPENS_MS <= at_ms < CLOSES_MS:
        return 0.0
    hour = at_ms / HOUR_MS

    def hill(centre: float, width: float) -> float:
        return math.exp(-(((hour - centre) / width) ** 2))

    return min(1.0, 0.18 + 0.82 * hill(10.0, 1.1) + 0.72 * hill(15.0, 1.1))


def device_day(*, seed: int, device: DeviceId, day: date) -> list[Act]:
    """Return what happens at one device on one day, in order of time."""
    character = Random(f"{seed}/{device}")
    visits_per_busy_hour = character.uniform(7.0, 16.0)
    mood = character.gauss(0.0, 0.35)
    rng = Random(f"{seed}/{device}/{day.isoformat()}")
    mood += rng.gauss(0.0, 0.12)
    rate = visits_per_busy_hour * SHARE_BY_WEEKDAY[day.weekday()]
    acts: list[Act] = []
    # Arrivals are a Poisson stream whose rate follows the bustle: drawn at the busiest rate, then thinned.
    at_ms = float(OPENS_MS)
    while (at_ms := at_ms + rng.expovariate(rate) * HOUR_MS) < CLOSES_MS:
        if rng.random() < bustle(int(at_ms)):
            acts += _visit(rng, device=device, at_ms=int(at_ms), mood=mood - 0.25 * bustle(int(at_ms)))
    return sorted(acts, key=lambda act: act.at_ms)


def fleet_day(*, seed: int, devices: Iterable[DeviceId], day: date) -> list[Act]:
    """Return what happens at all `devices` on one day, in order of time."""
    acts = [act for device in devices for act in device_day(seed=seed, device=device, day=day)]
    return sorted(acts, key=lambda act: (act.at_ms, act.device))


def event_of(act: Act, *, at: Reading, place: Place) -> Event:
    """Return the event a device records for an act, with the readings of its clocks."""
    match act.what:
        case Tap(level):
            return Rating(
                at=at,
                visit=act.visit,
                counter=place.counter,
                level=level,
                staff=place.staff,
                source="button",
                lang=act.language,
            )
        case Details(level, reasons, words):
            return RatingDetail(
                at=at,
                visit=act.visit,
                counter=place.counter,
                level=level,
                reasons=list(reasons),
                words=words,
                staff=place.staff,
            )
        case Letter(voice, contact):
            return Feedback(
                at=at,
                visit=act.visit,
                kind=voice.kind,
                counter=place.counter,
                category=voice.theme if voice.theme in place.categories else "",
                text=voice.text,
                staff=place.staff,
                contact=contact,
                lang=act.language,
            )


def _visit(rng: Random, *, device: DeviceId, at_ms: int, mood: float) -> list[Act]:
    language: Language = "en" if rng.random() < SHARE_ENGLISH else "zh-Hans"
    visit = "".join(rng.choices(CROCKFORD, k=12))
    level = _level(rng, mood)
    acts = [Act(at_ms, device, visit, language, Tap(level))]
    mind = tone(level)
    if rng.random() < SHARE_GIVING_REASONS[mind]:
        reasons = tuple(rng.sample(REASONS, k=rng.choice((1, 1, 2, 3))))
        words = rng.choice(WORDS[language][mind]) if rng.random() < SHARE_GIVING_WORDS else ""
        acts.append(Act(at_ms + rng.randint(3_000, 15_000), device, visit, language, Details(level, reasons, words)))
    if rng.random() < SHARE_GIVING_FEEDBACK * (3 if mind == "bad" else 1):
        letter_ms = at_ms + rng.randint(30_000, 150_000)
        # Someone who has just rated does not write under the same visit: the second door is a visit of its own.
        code = "".join(rng.choices(CROCKFORD, k=12))
        acts.append(Act(letter_ms, device, code, language, _letter(rng, language, bad=mind == "bad")))
    return acts


def _level(rng: Random, mood: float) -> Level:
    weights = [SHARE_OF_LEVELS[level] * math.exp(mood * (level - 3)) for level in LEVELS]
    return rng.choices(LEVELS, weights)[0]


def _letter(rng: Random, language: Language, *, bad: bool) -> Letter:
    wanted = ("complaint", "complaint", "suggestion") if bad else ("suggestion", "praise", "enquiry", "complaint")
    kind = rng.choice(wanted)
    voice = rng.choice([voice for voice in VOICES[language] if voice.kind == kind])
    contact = None
    if rng.random() < SHARE_LEAVING_CONTACT:
        name = rng.choice(ENGLISH_NAMES) if language == "en" else rng.choice(SURNAMES) + rng.choice(("女士", "先生"))
        # Numbers nobody owns: no mobile range of China begins with 100.
        contact = Contact(name=name, phone=f"100{rng.randrange(10**8):08d}")
    return Letter(voice, contact)
