"""What waits for approvals, as an approver sees it."""

from typing import Any

from pydantic import Field

from api.http.shapes.shape import AT, EXAMPLE_ID, Shape


class MoneyShape(Shape):
    """A value in a currency."""

    amount: str = Field(examples=["250000.00"])
    currency: str = Field(examples=["USD"])


class TermsShape(Shape):
    """What is signed beside the act; ``stated`` is the asker's own word for the value."""

    asked_by: str = Field(examples=["li@desk"])
    operation: str = Field(examples=["Pledge"])
    ports: list[str] | None = Field(examples=[["CNSHA", "USLAX"]])
    value: MoneyShape | None
    stated: MoneyShape | None


class ApprovalShape(Shape):
    """A command that waits.

    ``challenge`` is what an approver signs: null until an issue's title is known. ``refused`` says
    why the caller may not approve it.
    """

    command: str
    verb: str = Field(examples=["Offer"])
    object: str | None = Field(examples=[EXAMPLE_ID])
    says: str
    says_zh: str
    act: dict[str, Any]
    terms: TermsShape
    digest: str | None = Field(examples=[EXAMPLE_ID])
    challenge: str | None = Field(examples=[EXAMPLE_ID])
    needed: int
    given: list[str]
    refused: str | None = Field(examples=["OWN_REQUEST"])
    expires: str | None = Field(examples=[AT])
    created_at: str | None = Field(examples=[AT])


class ApprovalsShape(Shape):
    """What waits, the oldest first."""

    approvals: list[ApprovalShape]
