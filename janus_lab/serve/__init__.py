"""A lab's models for other programs, over HTTP as OpenAI's API says it."""
