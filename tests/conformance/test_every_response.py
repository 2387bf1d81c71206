"""Rules about every response. Runs last: it judges all that was seen."""
from tap import fail, note, test


def _never_broken(relay, rule):
    seen = relay.observers[0]
    broken = seen.broken[rule]
    note(f"{seen.count} exchanges seen")
    if broken:
        kinds = sorted(set(broken))
        fail(f"{len(broken)} broke it, such as\n" + "\n".join(kinds[:8]))


# R-TLS-2
@test
def every_response_asks_for_strict_transport_security(relay):
    _never_broken(relay, "hsts")


# §2
@test
def no_response_may_be_stored_or_transformed(relay):
    _never_broken(relay, "not_cached")


# §2
@test
def every_response_tells_its_length(relay):
    _never_broken(relay, "length")


# R-HDR-1
@test
def every_valid_request_id_is_echoed_in_lower_case_and_no_other(relay):
    _never_broken(relay, "echo")


# §1
@test
def no_response_sets_a_cookie(relay):
    _never_broken(relay, "no_cookie")


# D2
@test
def every_401_carries_the_challenge(relay):
    _never_broken(relay, "challenge")


# §4, R-HTTP-1
@test
def every_405_names_the_allowed_methods(relay):
    _never_broken(relay, "allow")


# §4
@test
def every_429_and_503_says_when_to_come_back(relay):
    _never_broken(relay, "retry_after")


# §4
@test
def every_error_is_a_problem_document(relay):
    _never_broken(relay, "problem")


# §4
@test
def no_error_repeats_a_value_that_was_sent(relay):
    _never_broken(relay, "says_nothing")


# §2
@test
def every_success_is_json_or_empty_as_its_call_says(relay):
    _never_broken(relay, "json")
