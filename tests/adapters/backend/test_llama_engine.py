"""Several requests at once in one context: whatever was read before, and whoever comes and goes, each is served as if alone."""

from __future__ import annotations

import itertools
import random
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from generation_orders import generation_order
from made_models import made_model
from waiting import until

from janus_lab.adapters.backend.llama_context import NO_ROOM, STOPPED
from janus_lab.adapters.backend.llama_cpp import open_llama
from janus_lab.adapters.backend.llama_requests import Speech
from janus_lab.errors import ModelFailed, UserError
from janus_lab.settings import load_settings
from janus_lab.values.generation import FinishReason, GenerationRequest, Message
from janus_lab.values.model import LoadPlan

ARCHITECTURES = ("llama", "gemma3", "mamba", "lfm2")
"""All positions kept; sliding windows, where old ones go; a state instead of positions; both."""
PLAN = LoadPlan(context_tokens=1024, cells=2048, sequences=3, batch_tokens=64, outputs=16)
ENOUGH_FOR_A_FALSE_STATE = 0.02

ASKED = (("", 640), ("xy", 640), ("xz pq", 900), ("x", 300))
"""Questions, and how much of a context they come after."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("models")


def opened(folder, name="llama", plan=PLAN):
    path = folder / f"{name}.gguf"
    if not path.exists():
        made_model(path, name)
    # Threads that wait for each other at each layer take many times as long where others have the processors.
    return open_llama(generation_order(folder, plan, uri=path.as_uri(), threads=1))


def chat(context, question="", *, tokens=640):
    """A context, of more tokens than a sliding window sees, and a question after it."""
    return (Message("system", "sys"), Message("user", f"{context} " * tokens + question))


def never():
    return False


def said(model, messages, tokens=6, cancelled=never):
    pieces = list(model.stream(GenerationRequest(messages, tokens), cancelled=cancelled))
    return "".join(p.text for p in pieces), pieces[-1]


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_whatever_was_read_before_it_is_as_if_alone(folder, name):
    chats = [chat(context, question, tokens=tokens) for context in "abc" for question, tokens in ASKED]
    expected = {}
    for one in chats:
        with opened(folder, name) as fresh:
            expected[one] = fresh.score(one, ["abc def"])[0]
    chance = random.Random(5)
    with opened(folder, name) as model, ThreadPoolExecutor(4) as pool:

        def serve(one):
            if chance.random() < 0.3:
                until = time.monotonic() + chance.random() * 0.05
                said(model, one, cancelled=lambda: time.monotonic() > until)
            elif chance.random() < 0.3:
                said(model, one)
            return one, model.score(one, ["abc def", "q"])[0]

        for one, score in pool.map(serve, chance.choices(chats, k=16)):
            assert score == pytest.approx(expected[one], abs=ENOUGH_FOR_A_FALSE_STATE)


def test_contexts_in_turn_are_all_kept(folder):
    with opened(folder, plan=LoadPlan(context_tokens=1024, cells=4096, sequences=4, batch_tokens=512)) as model:
        for question in ("", "x", "yz"):
            for context in "abcd":
                _, last = said(model, chat(context, question))
                assert not question or last.usage.cached_tokens > 600


def test_what_begins_alike_is_read_once_though_asked_at_once(folder):
    with opened(folder, plan=LoadPlan(context_tokens=1024, cells=4096, sequences=4, batch_tokens=64)) as model:
        with ThreadPoolExecutor(4) as pool:
            ends = [last for _, last in pool.map(lambda n: said(model, chat("a", f"q{n}")), range(4))]
        cached = sorted(end.usage.cached_tokens for end in ends)
        assert cached[0] == 0
        assert cached[1] > 600


def test_who_has_no_room_waits_and_is_served(folder):
    with opened(folder, plan=LoadPlan(context_tokens=1024, cells=1024, sequences=4, batch_tokens=128)) as model:
        with ThreadPoolExecutor(6) as pool:
            served = [pool.submit(said, model, chat(c), 20) for c in "abcdef"]
            ends = [one.result(timeout=200)[1].finish for one in served]
        assert all(end in (FinishReason.LENGTH, FinishReason.STOP) for end in ends)


def test_a_short_question_does_not_wait_for_a_long_prompt(folder):
    plan = LoadPlan(context_tokens=2048, cells=4096, sequences=4, batch_tokens=32)
    with opened(folder, plan=plan) as model, ThreadPoolExecutor(2) as pool:
        engine = model._engine
        finished, calls, read = [], itertools.count(1), engine._context.read

        def read_in_turn(batch):
            number = next(calls)
            if number == 2:
                until(lambda: engine._waiting or len(engine._active) == 2)
            if number == 12:
                until(lambda: finished)
            return read(batch)

        def ask(name, messages):
            said(model, messages, 1)
            finished.append(name)

        engine._context.read = read_in_turn
        long = pool.submit(ask, "long", (Message("user", "a b c " * 300),))
        until(lambda: engine._active)
        short = pool.submit(ask, "short", (Message("user", "hello"),))
        long.result(200), short.result(200)
        assert finished == ["short", "long"]
        assert next(calls) > 20


def test_those_who_speak_go_on_while_a_prompt_is_read(folder):
    plan = LoadPlan(context_tokens=2048, cells=4096, sequences=4, batch_tokens=512)
    with opened(folder, plan=plan) as model, ThreadPoolExecutor(1) as pool:
        engine = model._engine
        seen, asked, read = [], [], engine._context.read

        def read_together(batch):
            seen.append((batch.used, len(engine._active)))
            if len(seen) == 20:
                until(lambda: asked and (engine._waiting or asked[0].done()))
            return read(batch)

        engine._context.read = read_together
        stream = model.stream(GenerationRequest((Message("user", "hello"),), 200), cancelled=never)
        next(stream)
        asked.append(pool.submit(said, model, (Message("user", "a b c " * 300),), 1))
        rest = list(stream)
        asked[0].result(200)
        assert rest[-1].finish is not FinishReason.CANCELLED
        # Every batch of the prompt had room for the one who speaks.
        assert any(used > 1 and active == 2 for used, active in seen)


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_cancelled_in_its_prompt_it_is_stopped_within_the_batch(folder, name):
    with opened(folder, name, LoadPlan(context_tokens=1024, cells=2048, sequences=3, batch_tokens=512)) as model:
        expected = model.score(chat("b"), ["abc"])[0]
        for after in (0.0, 0.002, 0.01, 0.03):
            until = time.monotonic() + after
            said(model, chat("b", "zz"), cancelled=lambda until=until: time.monotonic() >= until)
            assert model.score(chat("b"), ["abc"])[0] == pytest.approx(expected, abs=ENOUGH_FOR_A_FALSE_STATE)


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_what_is_weighed_counts_once_though_it_is_read_again(folder, name):
    """A batch that was stopped may have changed a state, and then everything is read anew, in the middle of a continuation."""
    continuation = "abc def " * 6
    with opened(folder, name) as model:
        expected = model.score(chat("a"), [continuation])[0]
    with opened(folder, name) as model:
        read, calls = model._engine._context.read, itertools.count(1)

        def stopped_in_the_continuation(batch):
            code = read(batch)
            return STOPPED if next(calls) == 12 else code

        model._engine._context.read = stopped_in_the_continuation
        assert model.score(chat("a"), [continuation])[0] == pytest.approx(expected, abs=ENOUGH_FOR_A_FALSE_STATE)
        assert next(calls) > 12


def test_a_batch_that_fails_fails_only_those_in_it(folder):
    with opened(folder) as model:
        read, codes = model._engine._context.read, [-3]
        model._engine._context.read = lambda batch: codes.pop() if codes else read(batch)
        with pytest.raises(ModelFailed, match="code -3"):
            said(model, chat("a"))
        assert said(model, chat("a"))[1].finish


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_an_engine_that_ends_tells_everybody_and_says_so(folder):
    with opened(folder) as model, ThreadPoolExecutor(2) as pool:
        assert not model.ended

        def end(_batch):
            raise OSError("gone")

        model._engine._context.read = end
        waiting = [pool.submit(said, model, chat("a")), pool.submit(model.score, chat("b"), ["x", "y"])]
        for one in waiting:
            with pytest.raises(ModelFailed):
                one.result(60)
        assert model.ended
        with pytest.raises(ModelFailed, match="unloaded"):
            said(model, chat("c"))


def test_without_a_place_in_the_cache_the_longest_unused_is_given_up(folder):
    with opened(folder) as model:
        said(model, chat("a"))
        read, codes = model._engine._context.read, [NO_ROOM]
        model._engine._context.read = lambda batch: codes.pop() if codes else read(batch)
        assert said(model, chat("b"))[1].finish
        assert said(model, chat("a"))[1].usage.cached_tokens < 100


class Broken:
    over = False
    closed = 0

    def choose(self, _context, _place):
        raise ModelFailed("no token", remedy="none")

    def close(self):
        self.closed += 1


def test_what_one_request_makes_of_its_logits_harms_no_other(folder):
    with opened(folder) as model, ThreadPoolExecutor(1) as pool:
        other = pool.submit(said, model, chat("a"), 20)
        sampler = Broken()
        speech = Speech([1, 2, 3], GenerationRequest((), 5), model._vocabulary, sampler, "it")
        model._engine.ask(speech)
        assert isinstance(speech.told.get(timeout=60), ModelFailed)
        assert other.result(200)[1].finish
        assert sampler.closed == 1


def test_at_the_end_those_let_in_finish_and_others_are_told(folder):
    with opened(folder, plan=LoadPlan(context_tokens=1024, cells=1024, sequences=1)) as model:
        engine = model._engine
        read = engine._context.read

        def read_once_closed(batch):
            until(lambda: engine._closed)
            return read(batch)

        engine._context.read = read_once_closed
        stream = model.stream(GenerationRequest(chat("a"), 40), cancelled=never)
        pool = ThreadPoolExecutor(2)
        running = pool.submit(list, stream)
        until(lambda: engine._active)
        waiting = pool.submit(said, model, chat("b"))
        until(lambda: engine._waiting)
    assert running.result(60)[-1].finish in (FinishReason.LENGTH, FinishReason.STOP)
    with pytest.raises(ModelFailed, match="unloaded"):
        waiting.result(60)
    with pytest.raises(ModelFailed, match="unloaded"):
        said(model, chat("c"))
    pool.shutdown()


def test_what_is_asked_of_its_words_once_it_is_unloaded_fails_and_ends_nothing(folder):
    with opened(folder) as model:
        assert model._vocabulary.piece(100)
    for asked in (model._vocabulary.piece, model._vocabulary.ends):
        with pytest.raises(ModelFailed, match="unloaded"):
            asked(100)


def test_no_tokens_wanted_none_said(folder):
    with opened(folder) as model:
        text, last = said(model, chat("a"), 0)
        assert (text, last.finish, last.usage.reply_tokens) == ("", FinishReason.LENGTH, 0)


def test_nothing_to_read_is_refused():
    cache = load_settings("/nowhere").model_cache
    with open_llama(generation_order(cache)) as model, pytest.raises(UserError, match="nothing to be read"):
        model.stream(GenerationRequest((Message("text", ""),), 5), cancelled=never)


def test_pieces_come_as_they_are_made(folder):
    with opened(folder) as model:
        pieces, speaks, read = [], itertools.count(1), model._engine._context.read

        def read_behind(batch):
            # What was said ten tokens ago must have come before more is made.
            if batch.used == 1 and (number := next(speaks)) > 10:
                until(lambda: len(pieces) >= number - 10)
            return read(batch)

        model._engine._context.read = read_behind
        for piece in model.stream(GenerationRequest(chat("a"), 40), cancelled=never):
            pieces += [piece]
        assert next(speaks) > 20
