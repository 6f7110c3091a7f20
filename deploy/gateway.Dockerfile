# The gateway: checks, tokenises, asks Triton or its own engine. Neither torch nor transformers, no training, no export.
FROM python:3.13-slim
WORKDIR /opt/quickstep
COPY pyproject.toml constraints.txt README.md LICENSE ./
COPY student student
COPY serving serving
RUN pip install --no-cache-dir --constraint constraints.txt ".[serve,triton]"
RUN useradd --system --uid 10001 quickstep
USER 10001
ENV QUICKSTEP_HOST=0.0.0.0 PYTHONUNBUFFERED=1
EXPOSE 8000
ENTRYPOINT ["quickstep", "serve"]
