"""What the API answers, as OpenAPI tells it; the reads build it, these shapes only describe it."""
