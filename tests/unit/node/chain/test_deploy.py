"""Where the contracts will stand is known before they are deployed."""

from node.chain.artifacts import CONTRACTS
from node.chain.deploy import predicted_addresses


def test_the_predicted_addresses_are_those_of_create() -> None:
    """Sender and addresses as commonly cited for CREATE with nonces 0 to 2."""
    founder = bytes.fromhex("6ac7ea33f8831ea9dcc53393aaa88b25a785dbf0")
    predicted = predicted_addresses(founder)
    assert tuple(predicted) == CONTRACTS
    assert [address.hex() for address in predicted.values()][:3] == [
        "cd234a471b72ba2f1ccf0a70fcaba648a5eecd8d",
        "343c43a37d37dff08ae8c4a11544c718abb4fcf8",
        "f778b86fa74e846c4f0a1fbd1335fe81c00a0c91",
    ]
