"""When the installed Airflow starts what has a cron line: run as a script, by its own cron library and time zones.

In: on standard input a list of [line, zone, after, count]. Out: on standard output a list of moments for each.
Change it when Airflow reads lines in another place.
"""

import json
import sys

import pendulum
from airflow.timetables.trigger import CronTriggerTimetable


def starts(line: str, zone: str, after: str, count: int) -> list[str]:
    timetable, moment, found = CronTriggerTimetable(line, timezone=zone), pendulum.parse(after), []
    for _ in range(count):
        moment = timetable._get_next(moment)
        found.append(moment.in_timezone("UTC").isoformat())
    return found


if __name__ == "__main__":
    json.dump([starts(*each) for each in json.load(sys.stdin)], sys.stdout)
