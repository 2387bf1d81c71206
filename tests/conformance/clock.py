"""The relay's clock, as its Date header tells it."""
import calendar
import email.utils
import time

FORM = "%Y-%m-%dT%H:%M:%SZ"
DAY_S = 24 * 3600
LONGEST_S = 2 * DAY_S       # default and maximum of a relay as delivered
SLACK_S = 5                 # between two looks at a clock


def of(answer):
    """The relay's clock when it gave this answer, or ours."""
    date = answer.header("date")
    if date is None:
        return int(time.time())
    return int(email.utils.parsedate_to_datetime(date).timestamp())


def text(seconds):
    return time.strftime(FORM, time.gmtime(seconds))


def seconds(written):
    return calendar.timegm(time.strptime(written, FORM))
