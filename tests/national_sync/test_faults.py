"""The simulator's faults, each and together, and what the transport makes of them."""

from __future__ import annotations

import subprocess
import sys
import threading
import time

import pytest

from national_sync.simulator.faults import NAMES, Faults, UnknownFault, parse
from national_sync.transport.base import (
    CredentialsRefused,
    OutgoingBatch,
    TransportDown,
    TransportRefused,
    all_records,
)
from national_sync.transport.http import Endpoint, HttpTransport, Timeouts
from national_sync.transport.pace import Backoff
from tests.national_sync.simulator_process import CLIENT, QUICK, SCHOOL, SECRET, Simulator, line

PATIENT = Backoff(first=0.01, most=0.05, attempts=40)


def test_latency(simulator: Simulator) -> None:
    simulator.faults(latency=200)
    started = time.monotonic()
    simulator.transport().results()
    assert 0.2 <= time.monotonic() - started < 2


def test_slow_judging(simulator: Simulator) -> None:
    simulator.register(1)
    simulator.faults(slow_judging=600)
    transport = simulator.transport()
    transport.submit(OutgoingBatch("slow", [line(1)]))
    assert transport.poll("slow").state == "received"
    started = time.monotonic()
    assert simulator.wait("slow").results[0].accepted
    assert time.monotonic() - started > 0.3


def test_a_dropped_request_is_repeated(simulator: Simulator) -> None:
    simulator.faults(drop="2x")
    assert simulator.transport().submit(OutgoingBatch("dropped", [line(1)])).received == 1


def test_always_dropping_is_down(simulator: Simulator) -> None:
    simulator.faults(drop="on")
    with pytest.raises(TransportDown) as down:
        simulator.transport().submit(OutgoingBatch("dropped", [line(1)]))
    assert down.value.code == "unreachable"
    assert simulator.sql("SELECT count(*) FROM batch") == [(0,)]


def test_a_lost_acknowledgement(simulator: Simulator) -> None:
    """Stored, but the answer never came: the same batch again is judged once."""
    simulator.register(1)
    simulator.faults(lose_ack="on")
    batch = OutgoingBatch("unsure", [line(1)])
    with pytest.raises(TransportDown):
        simulator.transport().submit(batch)
    assert simulator.sql("SELECT count(*) FROM batch") == [(1,)]
    simulator.faults()
    assert simulator.transport().submit(batch).received == 1
    assert simulator.wait("unsure").results[0].accepted
    assert simulator.sql("SELECT count(*) FROM result") == [(1,)]


def test_error_500_is_repeated_and_then_down(simulator: Simulator) -> None:
    simulator.faults(error500="2x")
    assert simulator.transport().results().results == ()
    simulator.faults(error500="on")
    with pytest.raises(TransportDown) as down:
        simulator.transport().results()
    assert down.value.code == "internal"


def test_a_share_of_errors(simulator: Simulator) -> None:
    simulator.faults(error500="0.5", drop="0.2")
    transport = simulator.transport(backoff=PATIENT)
    for number in range(20):
        assert transport.submit(OutgoingBatch(f"e{number}", [line(number)])).received == 1
    assert simulator.sql("SELECT count(*) FROM batch") == [(20,)]


def test_unavailable_names_the_time(simulator: Simulator) -> None:
    simulator.faults(unavailable="1x", retry_after=1)
    started = time.monotonic()
    simulator.transport().results()
    assert time.monotonic() - started >= 1
    simulator.faults(unavailable="on", retry_after=90)
    started = time.monotonic()
    with pytest.raises(TransportDown) as down:
        simulator.transport().results()
    assert down.value.retry_after == 90
    assert time.monotonic() - started < 1


def test_a_refused_signature_is_not_repeated(simulator: Simulator) -> None:
    simulator.faults(refuse_signature="2x")
    for _ in range(2):
        with pytest.raises(CredentialsRefused):
            simulator.transport().results()
    assert simulator.transport().results().results == ()


@pytest.mark.parametrize("seconds", [-400, 400])
def test_a_clock_that_is_wrong(seconds: int, simulator: Simulator) -> None:
    """Theirs or ours: nothing is refused for good."""
    simulator.faults(clock_skew=seconds)
    with pytest.raises(TransportDown) as down:
        simulator.transport().results()
    assert down.value.code == "stale_timestamp"
    simulator.faults()
    with pytest.raises(TransportDown):
        simulator.transport(clock=lambda: time.time() + seconds).results()
    assert simulator.transport().results().results == ()


def test_duplicated_results(simulator: Simulator) -> None:
    simulator.register(1, 2)
    simulator.faults(duplicate_results="on")
    results = simulator.judged(OutgoingBatch("twice", [line(1), line(2)])).results
    assert [r.line for r in results] == ["o1-1", "o2-1"] * 2
    assert len(simulator.transport().results().results) == 4
    assert len(list(all_records(simulator.transport(), SCHOOL))) == 2


def test_reordered_results(simulator: Simulator) -> None:
    simulator.register(*range(30))
    # Long enough that the second batch is there before the first one is judged.
    simulator.faults(reorder_results="on", slow_judging=2000)
    transport = simulator.transport()
    for name in ("old", "new"):
        transport.submit(OutgoingBatch(name, [line(n, id=f"{name}-{n}") for n in range(30)]))
    simulator.wait("old")
    page = transport.results()
    assert [r.seq for r in page.results] != sorted(r.seq or 0 for r in page.results)
    assert page.next == max(r.seq or 0 for r in page.results)
    first = min(page.results, key=lambda r: r.seq or 0)
    assert first.batch == "new"


def test_faults_are_combined_and_shown(simulator: Simulator) -> None:
    simulator.register(1)
    simulator.faults(latency=20, drop="0.2", error500="0.2", lose_ack="0.5", slow_judging=50,
                     duplicate_results="on", reorder_results="on")  # fmt: skip
    transport = simulator.transport(backoff=PATIENT)
    assert simulator.judged(OutgoingBatch("all", [line(1)]), transport).results[0].accepted
    shown = simulator.transport().admin("faults", faults={})["faults"]
    assert shown["drop"] == "0.2"
    assert shown["latency"] == "20"


def test_an_unknown_fault_is_refused(simulator: Simulator) -> None:
    with pytest.raises(TransportRefused) as refusal:
        simulator.transport().admin("faults", faults={"laziness": 1})
    assert refusal.value.code == "fault"


def test_several_batches_in_flight(simulator: Simulator) -> None:
    """Four at 300 ms each take one time 300 ms, not four."""
    simulator.faults(latency=300)
    transport = simulator.transport()
    started = time.monotonic()
    threads = [
        threading.Thread(target=transport.submit, args=(OutgoingBatch(f"f{n}", [line(n)]),))
        for n in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert time.monotonic() - started < 1
    assert simulator.sql("SELECT count(*) FROM batch") == [(4,)]


def test_nobody_listening() -> None:
    transport = HttpTransport(Endpoint("http://127.0.0.1:9", CLIENT, SECRET), backoff=QUICK)
    with pytest.raises(TransportDown) as down:
        transport.results()
    assert down.value.code == "unreachable"
    transport.close()


def test_an_answer_that_does_not_come(simulator: Simulator) -> None:
    simulator.faults(latency=1500)
    transport = simulator.transport(
        timeouts=Timeouts(read=0.2), backoff=Backoff(first=0.01, attempts=2)
    )
    started = time.monotonic()
    with pytest.raises(TransportDown) as down:
        transport.results()
    assert down.value.code == "timeout"
    assert time.monotonic() - started < 1.4


# --- the process -----------------------------------------------------------------------------


def test_kill_and_start_again_resumes_judging(own_simulator: Simulator) -> None:
    own_simulator.start("--fault", "slow_judging=60000")
    own_simulator.register(1, 2)
    transport = own_simulator.transport()
    for number in (1, 2):
        transport.submit(OutgoingBatch(f"k{number}", [line(number)]))
    own_simulator.sql("UPDATE batch SET state = 'judging' WHERE id = 'k2'")
    own_simulator.kill()
    assert own_simulator.sql("SELECT count(*) FROM result") == [(0,)]
    own_simulator.start()
    for number in (1, 2):
        assert own_simulator.wait(f"k{number}").results[0].accepted


def test_killed_while_judging_nothing_is_half_done(own_simulator: Simulator) -> None:
    own_simulator.start()
    own_simulator.register(*range(200))
    transport = own_simulator.transport()
    names = [f"h{n}" for n in range(20)]
    for name in names:
        transport.submit(OutgoingBatch(name, [line(n, id=f"{name}.{n}") for n in range(200)]))
    own_simulator.kill()
    counts = own_simulator.sql(
        "SELECT b.state, count(r.seq) FROM batch AS b LEFT JOIN result AS r ON r.batch = b.id"
        " GROUP BY b.id, b.state"
    )
    assert all(n == (200 if state == "done" else 0) for state, n in counts)
    own_simulator.start()
    for name in names:
        assert len(own_simulator.wait(name).results) == 200
    assert own_simulator.sql("SELECT count(*) FROM result") == [(4000,)]


def test_its_database_goes_away_and_comes_back(simulator: Simulator) -> None:
    simulator.register(1)
    for name in ("before", "after"):
        simulator.sql(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        assert simulator.judged(OutgoingBatch(name, [line(1, id=name)])).results[0].accepted


def test_a_batch_it_cannot_judge_holds_up_no_other(simulator: Simulator) -> None:
    simulator.register(1)
    simulator.sql("INSERT INTO batch (id, body, lines) VALUES ('broken', 'x', 1)")
    assert simulator.judged(OutgoingBatch("whole", [line(1)])).results[0].accepted
    assert simulator.transport().poll("broken").state == "judging"


def test_it_stops_when_asked_and_leaves_root_behind(own_simulator: Simulator) -> None:
    own_simulator.start(through_manage=True)
    assert own_simulator.process is not None
    with open(f"/proc/{own_simulator.process.pid}/status", encoding="ascii") as f:
        users = next(row.split()[1:] for row in f if row.startswith("Uid"))
    assert "0" not in users
    assert own_simulator.transport().results().results == ()
    assert own_simulator.stop() == 0
    assert "stopped" in own_simulator.log.read_text()


def test_it_is_told_no_secret_of_ours(own_simulator: Simulator) -> None:
    own_simulator.start(through_manage=True)
    assert own_simulator.process is not None
    with open(f"/proc/{own_simulator.process.pid}/environ", "rb") as f:
        names = {row.split(b"=")[0] for row in f.read().split(b"\0")}
    assert b"NATIONAL_SECRET" in names
    assert not {b"DATABASE_URL", b"DATABASE_OWNER_URL", b"REDIS_URL", b"SECRET_KEY"} & names


def test_files_of_the_registry(own_simulator: Simulator, tmp_path) -> None:
    (tmp_path / "a.csv").write_text(
        "school,year,exam_no,name\n10357,2026,A1,甲\n10357,2026,A2,乙\n", "utf-8-sig"
    )
    (tmp_path / "b.json").write_text('[{"school": "1", "year": 2026, "exam_no": "A3"}]')
    (tmp_path / "d.csv").write_text("year,exam_no,field,value\n2026,A1,name,丙\n2026,A2,missing,\n")
    own_simulator.start(
        "--registry", str(tmp_path / "a.csv"), "--registry", str(tmp_path / "b.json"),
        "--differences", str(tmp_path / "d.csv"),
    )  # fmt: skip
    assert own_simulator.sql("SELECT exam_no, name FROM registry ORDER BY 1") == [
        ("A1", "丙"),
        ("A3", ""),
    ]


@pytest.mark.parametrize("argument", ["--fault=nonsense", "--fault=drop=2", "--registry=/nowhere"])
def test_wrong_options_do_not_start(argument: str, own_simulator: Simulator) -> None:
    with pytest.raises(AssertionError, match="cannot start"):
        own_simulator.start(argument)


def test_without_a_secret_it_does_not_start() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "national_sync.simulator"], env={}, capture_output=True, text=True
    )
    assert done.returncode == 2
    assert "NATIONAL_SECRET" in done.stderr


# --- the values of faults --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("argument", "shown"),
    [("drop", "1"), ("drop=0.25", "0.25"), ("drop=3x", "3x"), ("drop=on", "1"),
     ("latency=250", "250"), ("clock_skew=-30", "-30"), ("retry_after=5", "5")],
)  # fmt: skip
def test_values_of_faults(argument: str, shown: str) -> None:
    faults = Faults()
    faults.set(*parse(argument))
    assert faults.in_force() == {argument.partition("=")[0]: shown}


@pytest.mark.parametrize("value", ["off", "0", None, 0, "false"])
def test_faults_taken_away(value: object) -> None:
    faults = Faults()
    for name in NAMES:
        faults.set(name, "1")
        faults.set(name, value)
    assert faults.in_force() == {}


@pytest.mark.parametrize(
    "argument", ["drop=1.5", "drop=-1", "drop=nan", "drop=x", "latency=-1", "latency=a", "none"]
)
def test_values_faults_do_not_take(argument: str) -> None:
    with pytest.raises(UnknownFault):
        Faults().set(*parse(argument))


def test_a_counted_fault_is_used_up() -> None:
    faults = Faults()
    faults.set("drop", "2x")
    assert [faults.strikes("drop") for _ in range(4)] == [True, True, False, False]
    assert faults.in_force() == {}


def test_a_seed_repeats_a_run() -> None:
    def run() -> list[bool]:
        faults = Faults(seed=7)
        faults.set("drop", "0.5")
        return [faults.strikes("drop") for _ in range(50)]

    assert run() == run()
    assert 5 < sum(run()) < 45
