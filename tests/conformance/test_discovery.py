"""§7 Discovery: what a relay says of itself."""
from share import make, payload
from tap import equal, row, status, test, that

PATH = "/.well-known/tigress"


@test
def the_relay_says_what_it_grants(relay):
    answer = status(relay.call("GET", PATH), 200)
    equal(answer.header("content-type"), "application/json", "Content-Type")
    said = answer.json()
    that("v1" in said["versions"], "v1 is missing")
    that("AEAD_AES_128_GCM" in said["payload"]["types"], "no algorithm")
    that(said["payload"]["maxBytes"] >= 1024, "maxBytes")
    that(0 < said["lifetime"]["default"] <= said["lifetime"]["max"], "life")
    equal(said["notifications"], [], "notifications")
    equal(said["attestation"]["policy"], "none", "attestation")
    that(said["wait"]["max"] >= 0, "wait")


@test
def what_it_says_of_the_size_is_true(relay):
    most = status(relay.call("GET", PATH), 200).json()["payload"]["maxBytes"]
    make(relay, payload=payload("x" * most))


@test
def discovery_is_read_and_nothing_else(relay):
    for method in ("POST", "PUT", "DELETE", "PATCH"):
        with row(method):
            answer = status(relay.call(method, PATH), 405)
            equal(answer.header("allow"), "GET, HEAD", "Allow")
    equal(status(relay.call("HEAD", PATH), 200).body, b"", "body of HEAD")
    status(relay.call("GET", PATH + "/"), 404)
