"""Cron expressions: five fields, in UTC. Parsing and reckoning is APScheduler's."""

from datetime import UTC, datetime

from apscheduler.triggers.cron import CronTrigger
from apscheduler.triggers.cron.expressions import MONTHS, WEEKDAYS

from server.errors import InvalidArgument

CHARS_MAX = 200
# Of each field. A range has two of them.
NAMES: tuple[list[str], ...] = ([], [], ["last"], MONTHS, WEEKDAYS)


def trigger(cron: str) -> CronTrigger:
    """Raises InvalidArgument for what is no cron expression, what never comes, and what cron and APScheduler read
    differently: the numbers of weekdays, and a day of the month beside a day of the week."""
    fields = cron.split()
    if len(cron) > CHARS_MAX or len(fields) != 5 or not cron.isascii():
        raise InvalidArgument(f"cron is five fields: minute, hour, day of month, month, day of week; not {cron[:80]!r}")
    day, weekday = fields[2], fields[4]
    if any(character.isdigit() for character in weekday.partition("/")[0]):
        raise InvalidArgument("cron: name days of the week, mon to sun: their numbers mean different days to people")
    if weekday != "*" and day != "*":
        raise InvalidArgument("cron: give a day of the month or a day of the week, not both")
    _check_names(fields)
    try:
        found = CronTrigger.from_crontab(cron, timezone=UTC)
    except ValueError as error:
        raise InvalidArgument(f"cron {cron!r}: {error}") from None
    if next_after(found, datetime.now(UTC)) is None:
        raise InvalidArgument(f"cron {cron!r} never comes")
    return found


def _check_names(fields: list[str]) -> None:
    """APScheduler reads a name and leaves out what follows it: it would take mon/2 for mon. Raises InvalidArgument."""
    for field, names in zip(fields, NAMES, strict=True):
        for part in field.lower().split(","):
            ends = part.split("-")
            if any(map(str.isalpha, part)) and not (len(ends) <= 2 and set(ends) <= set(names)):
                known = f"names here are {', '.join(names)}" if names else "there are no names here"
                raise InvalidArgument(f"cron: {part!r}: {known}")


def next_after(found: CronTrigger, moment: datetime) -> datetime | None:
    """The first time after a moment."""
    following: datetime | None = found.get_next_fire_time(moment, moment)
    return following
