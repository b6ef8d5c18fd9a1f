"""Each fault of the source has one name, on both HTTP libraries of the client."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import requests
from curl_cffi import CurlECode
from curl_cffi.requests import exceptions as curl
from urllib3.connection import HTTPConnection
from urllib3.connectionpool import HTTPConnectionPool
from urllib3.exceptions import MaxRetryError, NewConnectionError, ProtocolError

from advisor.market.prices.history import FaultCause
from advisor.market.yahoo.faults import fault_of_connection
from tests.yahoo_matrix import TIMEOUT
from tests.yahoo_server import DATA_FAULTS, TRANSPORT_FAULTS

ROOT = Path(__file__).parent.parent
LIBRARIES = {"curl_cffi.requests": "", "requests": "1"}  # with the value of YF_DISABLE_CURL_CFFI
TRANSPORT = {
    "429": "rate-limited",
    "404": "not found",
    "500": "source down",
    "502": "source down",
    "html": "bad answer",
    "will be right back": "source down",
    "truncated": "bad answer",
    "empty": "bad answer",
    "redirect": "bad answer",
    "no result": "bad answer",
    "no columns": "bad answer",
    "null": "bad answer",
    "list": "bad answer",
    "short": "source down",
    "reset": "source down",
    "slow": "timed out",
    "drip": "timed out",
}
DATA = {
    "no closes": "age",
    "100 times": "recent move",
    "a hundredth": "recent move",
    "zero": "close",
    "negative": "close",
    "text": "bad answer",
    "infinite": "bad answer",
    "no volume": "no volume",
    "old": "age",
    "future": "bad answer",
    "repeated day": "bad answer",
    "unequal columns": "bad answer",
    "other symbol": "wrong instrument",
    "pence": "wrong instrument",
    "other type": "wrong instrument",
    "no currency": "bad answer",
    "unknown zone": "bad answer",
    "split 4:0": "split",
    "split without event": "missing split",
}
EXPECTED = TRANSPORT | DATA


@cache
def matrix() -> dict[str, dict[str, Any]]:
    """What `tests.yahoo_matrix` prints, by library; both run at once, for most of it is waiting."""
    runs = [
        subprocess.Popen(
            [sys.executable, "-W", "error", "-m", "tests.yahoo_matrix"],
            cwd=ROOT,
            env=os.environ | {"YF_DISABLE_CURL_CFFI": value},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for value in LIBRARIES.values()
    ]
    printed = {}
    for run in runs:
        output, errors = run.communicate(timeout=600)
        assert (run.returncode, errors) == (0, "")
        answer = json.loads(output)
        printed[answer["library"]] = answer["outcomes"]
    return printed


def test_there_are_17_faults_of_the_transport_and_19_of_the_data() -> None:
    assert (len(TRANSPORT), len(DATA)) == (17, 19)
    assert (set(TRANSPORT), set(DATA)) == (set(TRANSPORT_FAULTS), set(DATA_FAULTS))


@pytest.mark.parametrize("library", LIBRARIES)
def test_a_sound_answer_raises_no_doubt(library: str) -> None:
    assert matrix()[library][""]["names"] == []


@pytest.mark.parametrize("library", LIBRARIES)
@pytest.mark.parametrize("fault", EXPECTED)
def test_each_fault_has_one_name_within_three_timeouts_and_three_tries(fault: str, library: str) -> None:
    outcome = matrix()[library][fault]
    assert outcome["names"] == [EXPECTED[fault]], outcome["details"]
    assert outcome["seconds"] <= 3 * TIMEOUT  # a bound of the design, not a speed: all waiting ends by it
    # libcurl asks once more on its own where a connection that was open already turns out to be reset
    assert outcome["requests"] <= (4 if fault == "reset" else 3)


@pytest.mark.parametrize("library", LIBRARIES)
def test_a_symbol_is_called_delisted_only_where_the_source_knows_none(library: str) -> None:
    texts = {fault: " ".join(outcome["details"]) for fault, outcome in matrix()[library].items()}
    assert [fault for fault, text in texts.items() if "delisted" in text] == ["404"]
    assert not any("http" in text.replace("HTTP", "") or "yahoo" in text.lower() for text in texts.values())


def errors_of_both_libraries() -> list[tuple[Exception, FaultCause]]:
    url = "https://query2.finance.yahoo.com/"
    refused = MaxRetryError(HTTPConnectionPool("x"), url, NewConnectionError(HTTPConnection("x"), "refused"))
    return [
        (curl.CertificateVerifyError("", CurlECode.PEER_FAILED_VERIFICATION), FaultCause.BAD_ANSWER),
        (curl.SSLError("", CurlECode.SSL_CONNECT_ERROR), FaultCause.SOURCE_DOWN),
        (curl.DNSError("", CurlECode.COULDNT_RESOLVE_HOST), FaultCause.NO_NETWORK),
        (curl.ProxyError("", CurlECode.COULDNT_RESOLVE_PROXY), FaultCause.NO_NETWORK),
        (curl.ConnectionError("", CurlECode.COULDNT_CONNECT), FaultCause.NO_NETWORK),
        (curl.Timeout("", CurlECode.OPERATION_TIMEDOUT), FaultCause.TIMED_OUT),
        (curl.ConnectionError("", CurlECode.GOT_NOTHING), FaultCause.SOURCE_DOWN),
        (requests.exceptions.SSLError(MaxRetryError(HTTPConnectionPool("x"), url, OSError())), FaultCause.BAD_ANSWER),
        (requests.exceptions.ProxyError(refused), FaultCause.NO_NETWORK),
        (requests.exceptions.ConnectionError(refused), FaultCause.NO_NETWORK),
        (requests.exceptions.ConnectTimeout(refused), FaultCause.TIMED_OUT),
        (requests.exceptions.ConnectionError(ProtocolError("Connection aborted.")), FaultCause.SOURCE_DOWN),
        (requests.exceptions.ChunkedEncodingError(ProtocolError("IncompleteRead")), FaultCause.SOURCE_DOWN),
    ]


@pytest.mark.parametrize(("error", "cause"), errors_of_both_libraries())
def test_a_failed_connection_has_the_cause_that_its_library_means(error: Exception, cause: FaultCause) -> None:
    assert fault_of_connection(error).cause is cause
