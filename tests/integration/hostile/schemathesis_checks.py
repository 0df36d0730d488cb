"""What schemathesis is told beside the description: container numbers, and one more check."""

import schemathesis
from hypothesis import strategies as st

from privacy.containers import check_container_number
from privacy.errors import ContainerCheckDigitWrong

# The codes of a refusal that names a field's form: what the description promises must not get one.
OF_FORM = {"BODY_INVALID", "REQUEST_INVALID"}


def _with_check_digit(start: str) -> str:
    try:
        return check_container_number(start + "0")
    except ContainerCheckDigitWrong as error:
        return f"{start}{error.facts['expected']}"


schemathesis.openapi.format(
    "container-number", st.from_regex(r"\A[A-Z]{3}[UJZ][0-9]{6}\Z").map(_with_check_digit)
)


@schemathesis.check
def follows_its_description(
    ctx: schemathesis.CheckContext, response: schemathesis.Response, case: schemathesis.Case
) -> None:
    """A request that follows the description is refused for what it means, never for its form."""
    made = None if case.meta is None else case.meta.generation.mode
    if made is not schemathesis.GenerationMode.POSITIVE or response.status_code != 422:
        return
    assert response.json()["code"] not in OF_FORM, response.text[:500]
