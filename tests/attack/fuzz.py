"""Made-up requests over all addresses and roles, and what must not stand in the answers."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from django.urls import NoReverseMatch, reverse

from accounts.models import User
from graduates.models import Graduate
from schools.roles import Role
from tests.access_table import OBJECTS, Objects
from tests.test_access import ADDRESSES, Address

# What people and programs put into fields and addresses to see what happens.
NASTY = [
    "", "0", "-1", "9223372036854775808", "1" * 400, "²", "１２", "1e9", "NaN", "0x10", "1.5",
    "'", "' OR 1=1 --", "\"><script>alert(1)</script>", "{{7*7}}", "%s%n", "\\", "../../etc/passwd",
    "\0", "a\0b", "\r\nSet-Cookie: a=1", "\u202e逆序", "示例甲", "👍🏽", "𠮷", "e\u0301" * 50,
    "A" * 3000, "=cmd|' /C calc'!A0", "2027-13-45", "0000-00-00", "9999-12-31T25:61", "true", "null",
    "[]", "{\"a\": 1}", "<x>" * 200, "http://[::1]:99999/", "//other.example/", "mailto:a@b", "٣",
]  # fmt: skip
# Bytes in an address that are no text: half of a surrogate pair, an overlong slash, a lone byte.
NASTY_BYTES = ["%ED%A0%80", "%C0%AF", "%FF", "%00", "%2e%2e%2f", "%252e"]
QUERY_NAMES = [
    "q", "page", "after", "before", "cursor", "sort", "order", "cohort", "school", "department",
    "class", "state", "category", "format", "export", "columns", "tab", "next", "id", "pick", "t",
]  # fmt: skip
METHODS = ["GET"] * 9 + ["POST"] * 9 + ["HEAD", "PUT", "DELETE", "OPTIONS", "PATCH"]
EVERYBODY = ["nobody", "graduate", "employer", "colleague", *Role.values]
# Not there in production.
_FOR_DEVELOPMENT = {"development-inbox", "gallery"}
_FIELD_NAME = re.compile(rb'\sname="([\w.-]+)"')


@dataclass(frozen=True)
class Request:
    """One made-up request. `fields` are the form of a POST."""

    who: str
    method: str
    path: str
    fields: Mapping[str, Any]

    @property
    def sent(self) -> str:
        return self.path + "".join(map(str, self.fields.values()))


@dataclass
class Answer:
    status: int
    body: bytes


@dataclass
class Found:
    """What a run found: requests, those with a server error, and those whose answer leaks."""

    requests: int = 0
    server_errors: list[str] = field(default_factory=list)
    leaks: list[str] = field(default_factory=list)
    statuses: dict[int, int] = field(default_factory=dict)


class Fuzzer:
    """Makes requests for the objects of two schools; the same seed makes the same requests."""

    def __init__(self, objects: Objects, seed: int) -> None:
        self.objects = objects
        self.random = random.Random(seed)  # made-up requests, no secrets
        self.names: dict[str, set[str]] = {}
        self.secrets = secrets_of(objects)
        self._paths = {a.name: list(self._real_paths(a)) for a in ADDRESSES.values()}

    def person(self, who: str) -> User | None:
        match who:
            case "nobody":
                return None
            case "graduate":
                return self.objects.graduate_user
            case "employer" | "colleague":
                user: User = getattr(self.objects, who)
                return user
        return self.objects.world.user(who)

    def run(self, send: Callable[[Request], Answer], *, count: int) -> Found:
        """Send `count` requests: first every address once as everybody, then at random."""
        found = Found()
        for request in self._requests(count):
            answer = send(request)
            found.requests += 1
            found.statuses[answer.status] = found.statuses.get(answer.status, 0) + 1
            line = (
                f"{request.who} {request.method} {request.path[:200]} {dict(request.fields)!r:.300}"
            )
            # 503 is the sentence for a database that is away; it is away in no run.
            if answer.status >= 500:
                found.server_errors.append(f"{answer.status} {line}")
            for secret in self.secrets[request.who]:
                if secret.encode() in answer.body and secret not in request.sent:
                    found.leaks.append(f"{secret[:6]}… {line}")
            if answer.status == 200:
                self.names.setdefault(request.path, set()).update(
                    name.decode() for name in _FIELD_NAME.findall(answer.body)
                )
        return found

    def _requests(self, count: int) -> Iterator[Request]:
        addresses = sorted(
            (a for a in ADDRESSES.values() if a.name not in _FOR_DEVELOPMENT), key=lambda a: a.name
        )
        for _ in range(count):
            address = self.random.choice(addresses)
            who = self.random.choice(EVERYBODY)
            method = self.random.choice(METHODS)
            path = self._path(address)
            fields = self._form(path) if method in {"POST", "PUT", "PATCH"} else {}
            yield Request(who, method, path + self._query(), fields)

    def _real_paths(self, address: Address) -> Iterator[str]:
        cases = self.objects.cases(address.name) if address.name in OBJECTS else []
        for kwargs in [case.kwargs for case in cases] or [{}]:
            try:
                yield reverse(address.name, kwargs=kwargs)
            except NoReverseMatch:
                continue

    def _path(self, address: Address) -> str:
        """A real address of one of the objects; one in four has a part exchanged."""
        paths = self._paths[address.name]
        path = self.random.choice(paths) if paths else "/"
        if address.takes and self.random.random() < 0.25:
            parts = path.split("/")
            nasty = [quote(self._value()[:300], safe="") or "0", *NASTY_BYTES]
            parts[self.random.randrange(1, max(len(parts) - 1, 2))] = self.random.choice(nasty)
            path = "/".join(parts)
        return path

    def _query(self) -> str:
        if self.random.random() < 0.5:
            return ""
        pairs = []
        for _ in range(self.random.randint(1, 3)):
            name = self.random.choice(QUERY_NAMES)
            value = quote(self._value()[:1500], safe="")
            pairs.append(f"{name}={self.random.choice([value, *NASTY_BYTES])}")
        return "?" + "&".join(pairs)

    def _form(self, path: str) -> dict[str, Any]:
        """Values for the fields that the page showed, and for some that buttons have."""
        names = sorted(self.names.get(path, set()) - {"csrfmiddlewaretoken"})
        names += ["action", "do", "pick", "version", "reason"]
        chosen = self.random.sample(names, self.random.randint(0, len(names)))
        return {name: self._value() for name in chosen}

    def _value(self) -> str:
        kind = self.random.random()
        if kind < 0.6:
            return self.random.choice(NASTY)
        if kind < 0.85:
            return str(self.random.choice(self._numbers()))
        return "".join(
            chr(self.random.choice(_CHARACTERS)) for _ in range(self.random.randint(1, 12))
        )

    def _numbers(self) -> list[int]:
        o = self.objects
        return [o.inside.pk, o.outside.pk, o.elsewhere.pk, o.world.cohort.pk, o.other.cohort.pk, 1]


_CHARACTERS = [
    *range(0x20, 0x7F),
    *range(0x4E00, 0x4E40),
    0,
    9,
    10,
    13,
    0xA0,
    0x200B,
    0xFEFF,
    0x20000,
]


def secrets_of(objects: Objects) -> dict[str, list[str]]:
    """For everybody the numbers of people that must not stand in an answer."""
    inside, outside, elsewhere = (
        _numbers_of(g) for g in (objects.inside, objects.outside, objects.elsewhere)
    )
    scoped = [*outside, *elsewhere]
    secrets = dict.fromkeys(EVERYBODY, scoped)
    secrets["nobody"] = [*inside, *scoped]
    secrets[Role.SCHOOL_ADMIN] = elsewhere
    secrets[Role.PROVINCE] = []
    return secrets


def _numbers_of(graduate: Graduate) -> list[str]:
    graduate = Graduate.objects.select_related("person").get(pk=graduate.pk)
    return [n for n in (graduate.person.id_number, graduate.exam_no, graduate.mobile) if n]
