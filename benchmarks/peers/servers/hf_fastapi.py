"""FastAPI before Hugging Face `generate`: one loop that batches what waits, as transformers' guide shows.

https://huggingface.co/docs/transformers/v4.57.1/pipeline_webserver: requests go through a queue to a loop, which takes
those that came meanwhile together. Unlike there, the model runs in a thread, so that requests are read while it does.

    uvicorn benchmarks.peers.servers.hf_fastapi:app

with the environment variables of `Settings`.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI, Request
from pydantic import BaseModel

from benchmarks.peers.servers.student import HfStudent, Settings

_Waiting = tuple[str, asyncio.Future[str]]


class Question(BaseModel):
    """A source text, prefix included."""

    text: str


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    settings = Settings.from_environment()
    student = HfStudent(settings)
    app.state.queue = asyncio.Queue()
    loop = asyncio.create_task(_serve(app.state.queue, student, settings.batch))
    yield
    loop.cancel()


async def _serve(queue: asyncio.Queue[_Waiting], student: HfStudent, most: int) -> None:
    while True:
        batch = [await queue.get()]
        while len(batch) < most and not queue.empty():
            batch.append(queue.get_nowait())
        try:
            answers = await asyncio.to_thread(student.answer, [text for text, _ in batch])
        except Exception as error:
            for _, answered in batch:
                answered.set_exception(error)
            continue
        for (_, answered), answer in zip(batch, answers, strict=True):
            if not answered.done():
                answered.set_result(answer)


app = FastAPI(lifespan=_lifespan)


@app.get("/health")
async def health() -> str:
    """Whether the model is loaded: the server answers nothing before."""
    return "ok"


@app.post("/predict")
async def predict(question: Question, request: Request) -> dict[str, str]:
    """The text that the student writes."""
    answered: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    await request.app.state.queue.put((question.text, answered))
    return {"label": await answered}
