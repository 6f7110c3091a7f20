"""A teacher labels and explains rows: prompts, clients, a journal of what was paid for, and what comes of it."""
