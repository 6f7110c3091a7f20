from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from student.answers import equation_value
from student.bundle import Bundle, write_manifest
from student.decoding import GreedyDecoder
from student.errors import BundleError, InputError
from student.label_trie import LabelTrie
from student.manifest import GoldenAnswer
from student.prediction import Prediction
from student.question import PreparedQuestion, Question
from student.runtime import OnnxStudent
from student.sessions import open_session
from student.task import Limits

IntArray = npt.NDArray[np.int64]
MaskArray = npt.NDArray[np.int32]
FloatArray = npt.NDArray[np.float32]
SECRET = "zanzibar"
NLI = Question("demo-nli", {"premise": "A man sleeps.", "hypothesis": "He is awake."})
CHOICES = Question("demo-choices", {"question": "Where is milk kept?"}, ("fridge", "fridge door", "garage", "a zoo"))
MATH = Question("demo-math", {"problem": "Ann has 4 apples and buys 3 more. How many has she?"})
MIXED = [
    NLI,
    MATH,
    CHOICES,
    Question("demo-nli", {"premise": "A " + "very " * 20 + "tall man sleeps.", "hypothesis": "No."}),
    Question("demo-choices", {"question": "?"}, ("a", "b")),
    Question("demo-math", {"problem": "7 minus 2?"}),
    Question("demo-choices", {"question": "Which one is " + "so " * 15 + "red?"}, ("xx", "xxx", "xxxx", "x", "y", "z")),
]


def test_confidence_of_the_bundle_is_applied(tiny_bundle: Bundle, tiny_student: OnnxStudent, tmp_path: Path) -> None:
    shutil.copytree(tiny_bundle.path, tmp_path / "b")
    manifest = json.loads((tmp_path / "b" / "manifest.json").read_text())
    manifest["confidence"] = {"fp32": {"demo-nli": {"temperature": 4.0, "threshold": 0.99}}}
    (tmp_path / "b" / "manifest.json").write_text(json.dumps(manifest))
    unsure = OnnxStudent.load(tmp_path / "b", threads=1)
    (plain,), (tempered,) = (s.predict([s.prepare(NLI)]) for s in (tiny_student, unsure))
    assert plain.probabilities is not None and tempered.probabilities is not None
    powers = np.array([item.probability for item in plain.probabilities]) ** (1 / 4)
    np.testing.assert_allclose([item.probability for item in tempered.probabilities], powers / powers.sum(), rtol=1e-6)
    assert (plain.answer, plain.abstained) == (tempered.answer, False) and tempered.abstained
    assert not unsure.predict([unsure.prepare(CHOICES)])[0].abstained


def test_warm_up_runs_every_length_through_both_graphs(
    tiny_student: OnnxStudent, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran: list[tuple[int, int]] = []
    run = tiny_student._label.edge_logits

    def recorded(input_ids: IntArray, mask: MaskArray, tries: Sequence[LabelTrie]) -> list[FloatArray]:
        ran.append((input_ids.shape[1], tries[0].nodes))
        return run(input_ids, mask, tries)

    monkeypatch.setattr(tiny_student._label, "edge_logits", recorded)
    tiny_student.warm_up()
    assert ran == [(length, nodes) for length in tiny_student.bundle.length_buckets for nodes in (1, 2)]


@pytest.mark.parametrize(
    ("question", "field", "message"),
    [
        (Question(SECRET, {}), "task", "is unknown; this student answers demo-nli, demo-choices, demo-math"),
        (Question("demo-math", {}), "inputs.problem", "is missing"),
        (Question("demo-math", {"problem": ""}), "inputs.problem", "is empty"),
        (Question("demo-math", {"problem": f"{SECRET}\ud800"}), "inputs.problem", "lone surrogate"),
        (Question("demo-math", {"problem": "x", SECRET: "y"}), "inputs", "unknown field"),
        (
            Question("demo-math", {"problem": f"{SECRET} " * 100}),
            "inputs",
            "tokens with the template; task 'demo-math'",
        ),
        (Question("demo-math", {"problem": SECRET * 100_000}), "inputs", "characters with the template; at most"),
        (Question("demo-math", {"problem": SECRET}, (SECRET,)), "choices", "takes none"),
        (Question("demo-choices", {"question": SECRET}, (SECRET,)), "choices", "1 given"),
        (Question("demo-choices", {"question": SECRET}, (SECRET, f" {SECRET} ")), "choices", "are all the same"),
        (Question("demo-choices", {"question": SECRET}, (SECRET, "")), "choices.1", "is empty"),
        (
            Question("demo-choices", {"question": SECRET}, ("☃", "a", "☂")),
            "choices",
            "the same in the student's tokens",
        ),
        (Question("demo-choices", {"question": SECRET}, ("ﬁg", "fig")), "choices", "the same in the student's tokens"),
        (
            Question("demo-choices", {"question": "x"}, ("a", SECRET * 4)),
            "choices.1",
            "tokens long, at most 16 are allowed",
        ),
        (Question("demo-choices", {"question": "x"}, ("a", SECRET * 9_999)), "choices.1", "characters; at most"),
        (Question("demo-choices", {"question": "x"}, ("a", "a</s>")), "choices", "is the beginning of"),
    ],
)
def test_refused_question_names_the_field_and_never_the_text(
    tiny_student: OnnxStudent, question: Question, field: str, message: str
) -> None:
    with pytest.raises(InputError) as caught:
        tiny_student.prepare(question, rationale=True)
    assert [problem.field for problem in caught.value.problems] == [field]
    assert message in caught.value.problems[0].message
    for text in (SECRET, "☃", "ﬁ", "\ud800"):
        assert text not in str(caught.value)


def test_every_fault_of_a_question_is_told_at_once(tiny_student: OnnxStudent) -> None:
    question = Question("demo-choices", {"question": f"{SECRET} " * 100}, ("a", SECRET * 4, SECRET * 5))
    with pytest.raises(InputError) as caught:
        tiny_student.prepare(question)
    long, choices = caught.value.problems
    assert long.field == "inputs" and "tokens with template and choices" in long.message
    assert choices.field == "choices" and choices.message.startswith("choices 2, 3 are ")


def test_choice_is_named_by_its_place_in_the_request_where_an_earlier_one_repeats(tiny_student: OnnxStudent) -> None:
    question = Question("demo-choices", {"question": "x"}, ("a", "a", "b", SECRET * 4))
    with pytest.raises(InputError) as caught:
        tiny_student.prepare(question)
    (problem,) = caught.value.problems
    assert problem.field == "choices.3"
    assert "choice 4 is" in problem.message


def test_text_of_exactly_the_limit_is_answered(tiny_student: OnnxStudent) -> None:
    limit = tiny_student.bundle.tasks["demo-math"].limits.source_tokens
    # Digits are single tokens, so the length can be steered.
    bare = len(tiny_student.prepare(Question("demo-math", {"problem": "1"})).label_ids)
    question = Question("demo-math", {"problem": "1" * (1 + limit - bare)})
    assert len(tiny_student.prepare(question).label_ids) == limit
    with pytest.raises(InputError, match=f"{limit + 1} tokens"):
        tiny_student.prepare(Question("demo-math", {"problem": "1" * (2 + limit - bare)}))


def test_sources_are_the_tasks_own_and_end_in_end_token(tiny_student: OnnxStudent) -> None:
    prepared = tiny_student.prepare(NLI, rationale=True)
    assert prepared.rationale_ids is not None
    end = tiny_student.bundle.manifest.end_token
    assert prepared.label_ids[-1] == end
    assert prepared.rationale_ids[-1] == end
    texts = [tiny_student.text(ids) for ids in (prepared.label_ids, prepared.rationale_ids)]
    task = prepared.task
    assert texts == [task.label_source(NLI.inputs), task.rationale_source(NLI.inputs)]
    assert prepared.source_tokens == max(len(prepared.label_ids), len(prepared.rationale_ids))


def test_single_rows_are_answered(tiny_student: OnnxStudent) -> None:
    (closed,) = tiny_student.predict([tiny_student.prepare(NLI)])
    assert closed.probabilities is not None
    assert [item.answer for item in closed.probabilities] == ["entailment", "neutral", "contradiction"]
    assert closed.answer == max(closed.probabilities, key=lambda item: item.probability).answer
    assert sum(item.probability for item in closed.probabilities) == pytest.approx(1.0, abs=1e-9)
    assert closed.value is None

    (chosen,) = tiny_student.predict([tiny_student.prepare(CHOICES)])
    assert chosen.probabilities is not None
    assert tuple(item.answer for item in chosen.probabilities) == CHOICES.choices

    (text,) = tiny_student.predict([tiny_student.prepare(MATH)])
    assert text.probabilities is None
    assert text.value == equation_value(tiny_student.bundle.tasks["demo-math"], text.answer)


def test_repeated_choices_are_one_answer(tiny_student: OnnxStudent) -> None:
    question = Question("demo-choices", {"question": "Where?"}, ("a  zoo", "park", "a zoo"))
    (prediction,) = tiny_student.predict([tiny_student.prepare(question)])
    assert prediction.probabilities is not None
    assert [item.answer for item in prediction.probabilities] == ["a zoo", "park"]
    assert prediction.merged_choices == ("a zoo",)
    assert prediction.as_json()["merged_choices"] == ["a zoo"]

    (other,) = tiny_student.predict([tiny_student.prepare(CHOICES)])
    assert other.merged_choices == () and "merged_choices" not in other.as_json()


def test_mixed_batch_is_answered_as_its_rows_alone(tiny_student: OnnxStudent) -> None:
    prepared = [tiny_student.prepare(question, rationale=True) for question in MIXED]

    together = tiny_student.explain(prepared)
    alone = [tiny_student.explain([question])[0] for question in prepared]

    assert [item.rationale for item in together] == [item.rationale for item in alone]
    for ours, theirs in zip(together, alone, strict=True):
        _assert_same(ours.prediction, theirs.prediction)


def test_order_of_a_batch_is_kept(tiny_student: OnnxStudent) -> None:
    prepared = [tiny_student.prepare(question) for question in MIXED]
    forwards, backwards = tiny_student.predict(prepared), tiny_student.predict(prepared[::-1])[::-1]
    for ours, theirs in zip(forwards, backwards, strict=True):
        _assert_same(ours, theirs)


def test_threads_do_not_disturb_each_other(tiny_student: OnnxStudent) -> None:
    def ask(question: Question) -> tuple[Prediction, str]:
        explanation = tiny_student.explain([tiny_student.prepare(question, rationale=True)])[0]
        return explanation.prediction, explanation.rationale

    expected = [ask(question) for question in MIXED]
    with ThreadPoolExecutor(4) as pool:
        answered = list(pool.map(ask, MIXED * 3))
    for (prediction, rationale), (theirs, reason) in zip(answered, expected * 3, strict=True):
        _assert_same(prediction, theirs)
        assert rationale == reason


def test_explaining_needs_the_rationale_input(tiny_student: OnnxStudent) -> None:
    with pytest.raises(ValueError, match="rationale=True"):
        tiny_student.explain([tiny_student.prepare(NLI)])


# Decoding.


def _limited(question: PreparedQuestion, rationale_tokens: int) -> PreparedQuestion:
    limits = question.task.limits.model_copy(update={"rationale_tokens": rationale_tokens})
    task = question.task.model_copy(update={"limits": limits})
    return PreparedQuestion(task, question.label_ids, question.rationale_ids, question.space)


def test_each_row_stops_at_its_own_limit(tiny_student: OnnxStudent) -> None:
    prepared = [tiny_student.prepare(question, rationale=True) for question in MIXED]
    whole = tiny_student.rationale_ids(prepared)
    limits = [2, 9, 3, 1, 7, 5, 4]
    cut = tiny_student.rationale_ids([_limited(q, limit) for q, limit in zip(prepared, limits, strict=True)])
    assert cut == [ids[:limit] for ids, limit in zip(whole, limits, strict=True)]
    assert all(len(ids) <= Limits().rationale_tokens for ids in whole)


def test_row_ends_at_the_end_token(tiny_bundle: Bundle, tiny_student: OnnxStudent) -> None:
    """The end token is one that the student is known to write: the loop must stop there, row by row."""
    prepared = [tiny_student.prepare(question, rationale=True) for question in MIXED[:3]]
    whole = tiny_student.rationale_ids(prepared)
    end = whole[0][min(4, len(whole[0]) - 1)]
    graphs = tiny_bundle.manifest.rationale
    decoder = GreedyDecoder(
        *(
            open_session(tiny_bundle.path / file, threads=1)
            for file in (graphs.encoder, graphs.decoder_first, graphs.decoder_next)
        ),
        start_token=tiny_bundle.manifest.start_token,
        end_token=end,
    )
    ids, mask = tiny_student._pad([question.rationale_ids or () for question in prepared])

    written = decoder.decode(ids, mask, [len(row) for row in whole])

    assert end in whole[0]
    assert written == [row[: row.index(end) + 1] if end in row else row for row in whole]


def test_limit_of_zero_writes_nothing(tiny_student: OnnxStudent) -> None:
    prepared = tiny_student.prepare(MATH)
    ids, mask = tiny_student._pad([prepared.label_ids] * 2)
    nothing, one = tiny_student._decoder.decode(ids, mask, [0, 1])
    assert nothing == []
    assert len(one) == 1
    assert tiny_student._decoder.decode(ids, mask, [0, 0]) == [[], []]


def test_end_token_is_not_part_of_the_text(tiny_student: OnnxStudent) -> None:
    manifest = tiny_student.bundle.manifest
    ids = tiny_student.prepare(MATH).label_ids
    assert tiny_student.text(ids) == tiny_student.text((*ids, manifest.end_token, manifest.pad_token))


# Golden answers and broken bundles.


def test_golden_answers_of_a_fresh_bundle_agree(tiny_student: OnnxStudent) -> None:
    golden = tiny_student.bundle.golden()
    assert {item.task for item in golden} == set(tiny_student.bundle.tasks)
    assert tiny_student.check_golden(golden) == []


def test_changed_golden_answers_are_told_apart(tiny_student: OnnxStudent) -> None:
    golden = next(item for item in tiny_student.bundle.golden() if item.task == "demo-nli")
    assert golden.probabilities is not None
    shifted = {"fp32": tuple(probability + 0.01 for probability in golden.probabilities["fp32"])}
    other = next(label for label in ("neutral", "entailment") if label != golden.answer)
    changed: Sequence[GoldenAnswer] = [
        golden,
        golden.model_copy(update={"answer": other}),
        golden.model_copy(update={"probabilities": shifted}),
        golden.model_copy(update={"rationale": golden.rationale + " More."}),
    ]

    differences = tiny_student.check_golden(changed)

    assert len(differences) == 3
    assert differences[0].startswith("golden answer 2 (demo-nli): answers")
    assert "golden answer 3 (demo-nli): probabilities differ by 1.00e-02" in differences[1]
    assert differences[2] == "golden answer 4 (demo-nli): the rationale differs"
    assert len(tiny_student.check_golden(changed, tolerance=0.02, rationales=False)) == 1


@pytest.mark.parametrize(
    ("file", "message"),
    [
        ("label_root.fp32.onnx", r"label_root\.fp32\.onnx: ONNX Runtime cannot load it"),
        ("decoder_next.onnx", r"decoder_next\.onnx: ONNX Runtime cannot load it"),
        ("tokenizer.json", r"tokenizer\.json: is no tokenizer"),
    ],
)
def test_bundle_of_honest_digests_and_broken_content_is_refused(
    tiny_bundle: Bundle, tmp_path: Path, file: str, message: str
) -> None:
    folder = _copy(tiny_bundle, tmp_path)
    (folder / file).write_bytes(b"{}")
    _record(folder, tiny_bundle)
    with pytest.raises(BundleError, match=message):
        OnnxStudent.load(folder, threads=1)


def test_labels_that_are_the_same_in_tokens_are_refused_by_name(tiny_bundle: Bundle, tmp_path: Path) -> None:
    folder = _copy(tiny_bundle, tmp_path)
    tasks = json.loads((folder / "tasks.json").read_text())
    next(task for task in tasks if task["name"] == "demo-nli")["answer"]["labels"] = ["ﬁg", "fig"]
    (folder / "tasks.json").write_text(json.dumps(tasks))
    _record(folder, tiny_bundle)
    with pytest.raises(BundleError, match=r"task demo-nli: labels 'ﬁg', 'fig': .*same in the student's tokens"):
        OnnxStudent.load(folder, threads=1)


def test_padding_and_truncation_of_the_tokenizer_file_do_not_act(tiny_bundle: Bundle, tmp_path: Path) -> None:
    folder = _copy(tiny_bundle, tmp_path)
    content = json.loads((folder / "tokenizer.json").read_text())
    content["truncation"] = {"direction": "Right", "max_length": 4, "strategy": "LongestFirst", "stride": 0}
    content["padding"] = {
        "strategy": {"Fixed": 200},
        "direction": "Right",
        "pad_to_multiple_of": None,
        "pad_id": 0,
        "pad_type_id": 0,
        "pad_token": "<pad>",
    }
    (folder / "tokenizer.json").write_text(json.dumps(content))
    _record(folder, tiny_bundle)
    ours, theirs = OnnxStudent(tiny_bundle, threads=1), OnnxStudent.load(folder, threads=1)
    assert ours.prepare(NLI).label_ids == theirs.prepare(NLI).label_ids


def _copy(bundle: Bundle, tmp_path: Path) -> Path:
    return Path(shutil.copytree(bundle.path, tmp_path / "copy"))


def _record(folder: Path, bundle: Bundle) -> None:
    (folder / "manifest.json").unlink()
    write_manifest(folder, **bundle.manifest.model_dump(exclude={"files", "format"}))


def _assert_same(ours: Prediction, theirs: Prediction) -> None:
    assert ours.answer == theirs.answer
    assert ours.value == theirs.value
    if ours.probabilities is None or theirs.probabilities is None:
        assert ours.probabilities is theirs.probabilities
        return
    assert [item.answer for item in ours.probabilities] == [item.answer for item in theirs.probabilities]
    np.testing.assert_allclose(
        [item.probability for item in ours.probabilities],
        [item.probability for item in theirs.probabilities],
        atol=1e-5,
        rtol=0,
    )
