"""The description of the API, OpenAPI 3.1: what each address takes and answers, as one document."""
