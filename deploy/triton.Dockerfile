# NVIDIA's Triton with what the Python backend imports: the runtime, without torch.
FROM nvcr.io/nvidia/tritonserver:25.10-py3
WORKDIR /opt/quickstep
COPY pyproject.toml constraints.txt README.md LICENSE ./
COPY student student
# The image's Python is the distribution's own, which pip leaves alone unless told.
RUN PIP_BREAK_SYSTEM_PACKAGES=1 pip install --no-cache-dir --constraint constraints.txt .
EXPOSE 8001 8002
ENTRYPOINT ["tritonserver"]
CMD ["--model-repository=/models", "--allow-http=false", "--grpc-port=8001", "--metrics-port=8002"]
