"""Why somebody is not let in, or may not become somebody who is.

IdentityError
├── Invalid
│   ├── NameInvalid, RoleUnknown, PasswordUnfit, CodeWrong
│   └── ClientKeyInvalid, ScopeInvalid
├── Refused
│   ├── NotAccepted: a sign-in, by whatever means; says nothing else
│   ├── TooManyAttempts, SignInAgain
│   ├── AccountExists, AccountUnknown, ClientUnknown, SessionUnknown, PasskeyUnknown
│   └── LastMeans: the only way to sign in that an account has
└── Unavailable
    ├── SignInBusy: too many passwords are being compared
    └── CompanyUnavailable: the company's provider does not answer

What is told never depends on whether an account exists. The cause is ``NotAccepted.reason``, for
log and audit alone.
"""

from identity.errors import Invalid, Refused, Unavailable


class NameInvalid(Invalid):
    """A name that no account or client can have."""

    code = "NAME_INVALID"
    what_to_do = "Use 2 to 64 of a-z, 0-9, dot, hyphen, underscore and @, a letter or digit first."


class RoleUnknown(Invalid):
    """A role that the policy does not know."""

    code = "ROLE_UNKNOWN"
    what_to_do = "Use the roles of identity/policy/roles.json."


class PasswordUnfit(Invalid):
    """A new password that is too short, too long or too easily guessed."""

    code = "PASSWORD_UNFIT"
    what_to_do = "Choose at least 12 characters that nobody guesses; a sentence does well."


class CodeWrong(Invalid):
    """A first code that does not belong to the key just shown."""

    code = "CODE_WRONG"
    what_to_do = "Enter the code that the app shows now; check the clock of the telephone."


class ClientKeyInvalid(Invalid):
    """A public key that a client cannot sign with."""

    code = "CLIENT_KEY_INVALID"
    what_to_do = "Give a public key as PEM or JWK: P-256, Ed25519, or RSA of 2,048 bits or more."


class ScopeInvalid(Invalid):
    """A scope that names nothing, or something that the client's roles do not cover."""

    code = "SCOPE_INVALID"
    what_to_do = "Ask for verbs or roles that this client has, or for no scope: then all of them."


class NotAccepted(Refused):
    """A sign-in that is not accepted.

    Attributes:
        reason: a code for log and audit; never told to who tried.
    """

    code = "NOT_ACCEPTED"
    what_to_do = "Try again; if it stays so, ask whoever runs the node to look into its log."

    def __init__(self, reason: str) -> None:
        super().__init__("This was not accepted.")
        self.reason = reason


class TooManyAttempts(Refused):
    """So many attempts failed from there that the next one must wait; ``seconds`` says how long."""

    code = "TOO_MANY_ATTEMPTS"
    what_to_do = "Wait as long as facts say, then try again."

    def __init__(self, seconds: int) -> None:
        super().__init__(f"Too many attempts failed; wait {seconds} seconds.", seconds=seconds)
        self.seconds = seconds


class SignInAgain(Refused):
    """A change of credentials in a session that began too long ago."""

    code = "SIGN_IN_AGAIN"
    what_to_do = "Sign out, sign in, and do it within a quarter of an hour."


class AccountExists(Refused):
    """A name that an account or a client has."""

    code = "ACCOUNT_EXISTS"
    what_to_do = "Choose another name, or reset the account that is there."


class AccountUnknown(Refused):
    """No account of this name."""

    code = "ACCOUNT_UNKNOWN"
    what_to_do = "lading people list shows the accounts there are."


class ClientUnknown(Refused):
    """No client of this name."""

    code = "CLIENT_UNKNOWN"
    what_to_do = "lading clients list shows the clients there are."


class SessionUnknown(Refused):
    """No open session of this id that the caller may end."""

    code = "SESSION_UNKNOWN"
    what_to_do = "Look at the list again; it may have ended by itself."


class PasskeyUnknown(Refused):
    """No passkey of this id at this account."""

    code = "PASSKEY_UNKNOWN"
    what_to_do = "Look at the list again."


class LastMeans(Refused):
    """Taking away the only way to sign in that an account has."""

    code = "LAST_MEANS"
    what_to_do = "Add another passkey or a password first; then take this one away."


class SignInBusy(Unavailable):
    """Too many passwords wait to be compared."""

    code = "SIGN_IN_BUSY"
    what_to_do = "Try again in a few seconds; a passkey does not wait."


class CompanyUnavailable(Unavailable):
    """The company's OpenID Connect provider does not answer, or answers nonsense."""

    code = "COMPANY_UNAVAILABLE"
    what_to_do = "Try again, or sign in by passkey; the log says what the provider answered."
