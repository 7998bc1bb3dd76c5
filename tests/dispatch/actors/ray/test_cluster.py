"""When a silent actor is killed."""

from __future__ import annotations

import os

from dispatch.actors.ray.cluster import Silence
from dispatch.processes.monitored_process import SILENT_AFTER_S

HERE, ELSEWHERE = "node-1", "node-2"


def test_an_actor_that_never_answered_is_left_to_ray() -> None:
    """An actor that is still starting is not killed."""
    silence = Silence(HERE)
    for _ in range(100):
        silence.observe(timed_out=True)

    assert not silence.is_hung


def test_a_process_of_another_node_is_hung_after_one_timeout() -> None:
    """Its CPU time cannot be measured."""
    silence = Silence(HERE)
    silence.answered(7, ELSEWHERE)
    verdicts = [silence.is_hung]
    silence.observe(timed_out=True)
    verdicts.append(silence.is_hung)
    silence.killed()
    verdicts.append(silence.is_hung)

    assert verdicts == [False, True, False]
    assert not silence.is_local


def test_a_failed_connection_is_not_silence() -> None:
    """Ray itself notices a process that has ended."""
    silence = Silence(HERE)
    silence.answered(7, ELSEWHERE)
    silence.observe(timed_out=False)

    assert not silence.is_hung


def test_a_local_process_that_computes_is_starved_not_hung() -> None:
    """A silent process of this node is kept while its CPU time grows; an answer resets the silence."""
    silence = Silence(HERE)
    silence.answered(os.getpid(), HERE)
    silence.observe(timed_out=True)
    assert silence.is_local
    assert not silence.is_hung

    silence.answered(os.getpid(), HERE)
    assert SILENT_AFTER_S > 0
    assert not silence.is_hung
