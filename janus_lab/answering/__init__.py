"""A question to an answer: retrieve, weigh the evidence, generate where there is enough, verify every sentence."""
