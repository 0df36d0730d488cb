"""The signer's SM2 key for acts, with its certificate; used where signer.json says ``national``."""

from identity.acts.typed import ZERO_WORD, Act, Domain
from identity.certificates.certificate import Certificate, read_pem
from identity.companions.companion import Companion, cosign
from identity.errors import ActMalformed, IdentityError, SettingsUnusable
from identity.keys.keystore import Keystore
from identity.signatures.algorithms import Curve
from identity.signer.settings import SignerSettings

KEY = "national"
MAX_FILE_BYTES = 64 * 1024


class CoSigner:
    """Co-signs the acts of one member."""

    def __init__(self, settings: SignerSettings, keystore: Keystore) -> None:
        """Read the key ``national`` and ``national.pem``, its certificate with what issued it.

        Raises:
            SettingsUnusable: no such file, or the certificate is another key's.
            KeyMissing: no such SM2 key.
        """
        self._key = keystore.sm2_key(KEY)
        try:
            with settings.national_certificate.open("rb") as file:
                self._chain = read_pem(file.read(MAX_FILE_BYTES))
        except (OSError, IdentityError) as error:
            raise SettingsUnusable("national.pem cannot be read as certificates.") from error
        certified = self._end.key
        if (certified.curve, certified.public) != (Curve.SM2, self._key.public):
            raise SettingsUnusable("national.pem does not certify the key called national.")

    @property
    def _end(self) -> Certificate:
        return self._chain[0]

    def __call__(self, act: Act, domain: Domain, now: int) -> tuple[Act, Companion]:
        """Return the act with its companion's hash, and the companion; each call gives another.

        Raises:
            SettingsUnusable: the certificate has ended, or does not count yet.
            ActMalformed: the act carries a companion already.
        """
        if not self._end.valid_from <= now <= self._end.valid_until:
            raise SettingsUnusable("The certificate in national.pem is not in force; renew it.")
        if act.fields["companion"] != ZERO_WORD:
            raise ActMalformed("The act carries a companion already.")
        issuers = [each.der for each in self._chain[1:] if each.issuer != each.subject]
        return cosign(act, domain, self._key, self._end.der, issuers)
