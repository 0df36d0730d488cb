// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {MessageHashUtils} from "@openzeppelin/contracts/utils/cryptography/MessageHashUtils.sol";
import {Outcome} from "./generated/Words.sol";
import {IActs} from "./interfaces/IActs.sol";
import {INetwork} from "./interfaces/INetwork.sol";

/// @title Acts
/// @notice Invariant: an act takes effect at most once, and a refused act changes no state.
/// @notice Invariant: a relayer cannot make an act refused that would have succeeded with its whole gas cap.
abstract contract Acts is IActs {
    /// @dev What every verb needs of its act; the own fields are read from the words in calldata.
    struct Header {
        uint256 verb;
        bytes32 principal;
        bytes32 object;
        uint256 counter;
        bytes32 digest;
        address key;
    }

    uint256 internal constant HEADER_WORDS = 6;
    /// @dev Places of the header's words.
    uint256 private constant PRINCIPAL = 0;
    uint256 private constant DELEGATION = 1;
    uint256 private constant OBJECT = 2;
    uint256 private constant COUNTER = 3;
    uint256 internal constant EXPIRES = 4;
    uint256 private constant MAX_ACTS = 50;
    uint256 private constant MAX_ITEMS = 16;
    uint256 private constant SIGNATURE_BYTES = 65;
    uint256 private constant MIN_ACT_BYTES = 1 + HEADER_WORDS * 32 + SIGNATURE_BYTES;
    /// @dev Longer than the longest act, an order with three full arrays.
    uint256 private constant MAX_ACT_BYTES = 2048;
    /// @dev Gas kept back to hash a refused act and log it.
    uint256 private constant RESERVE = 60_000;
    bytes32 private constant DOMAIN_TYPE =
        keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract,bytes32 salt)");

    bytes32 private immutable _domainSeparator;
    uint256 private immutable _gasCap;

    /// @param network names this contract under `name`, or the deployment reverts
    /// @param cap gas that each act may use at most
    constructor(INetwork network, bytes32 name, uint256 cap) {
        require(network.contractOf(name) == address(this), INetwork.ContractUnknown(name));
        _gasCap = cap;
        _domainSeparator = keccak256(
            abi.encode(
                DOMAIN_TYPE, keccak256("Lading"), keccak256("1"), block.chainid, address(this), network.networkId()
            )
        );
    }

    /// @inheritdoc IActs
    function digestOf(bytes calldata act) external view returns (bytes32 digest) {
        (uint256 verb, bytes calldata words) = _split(act);
        return _digest(verb, words);
    }

    /// @inheritdoc IActs
    function domainSeparator() external view returns (bytes32 separator) {
        return _domainSeparator;
    }

    /// @inheritdoc IActs
    function gasCap() external view returns (uint256 gas) {
        return _gasCap;
    }

    /// @inheritdoc IActs
    function submit(bytes calldata batch) external {
        _beginSubmit();
        _requireRelayer(msg.sender);
        uint256 offset = 0;
        uint256 count = 0;
        do {
            require(offset + 2 <= batch.length, BatchMalformed());
            uint256 end = offset + 2 + uint16(bytes2(batch[offset:offset + 2]));
            require(end <= batch.length, BatchMalformed());
            require(++count <= MAX_ACTS, BatchTooLong());
            _run(batch[offset + 2:end]);
            offset = end;
        } while (offset < batch.length);
    }

    /// @inheritdoc IActs
    function execute(bytes calldata act) external {
        require(msg.sender == address(this), OnlySelf());
        (uint256 verb, bytes calldata words) = _split(act);
        Header memory header = Header({
            verb: verb,
            principal: _word(words, PRINCIPAL),
            object: _word(words, OBJECT),
            counter: uint256(_word(words, COUNTER)),
            digest: _digest(verb, words),
            key: address(0)
        });
        uint256 expires = uint256(_word(words, EXPIRES));
        require(block.timestamp <= expires, ActExpired(expires));
        require(_word(words, DELEGATION) == 0, DelegationUnknown(_word(words, DELEGATION)));
        ECDSA.RecoverError failure;
        (header.key, failure,) = ECDSA.tryRecoverCalldata(header.digest, act[act.length - SIGNATURE_BYTES:]);
        require(failure == ECDSA.RecoverError.NoError, SignatureInvalid());
        _perform(header, words);
    }

    /// @dev The verb's shape: see the generated libraries. A zero type hash refuses the verb.
    function _shape(uint256 verb) internal pure virtual returns (bytes32 typeHash, uint256 statics, uint256 arrays);

    /// @dev Carry out an act whose form, expiry and signature are good; whose key it is, is still to be checked.
    function _perform(Header memory act, bytes calldata words) internal virtual;

    /// @dev Revert unless `relayer` may relay.
    function _requireRelayer(address relayer) internal view virtual;

    /// @dev A submit begins: what was looked up in an earlier one of this transaction is no longer trusted.
    function _beginSubmit() internal virtual {}

    /// @dev The act took effect; `counter` is its object's counter now.
    function _done(Header memory act, bytes calldata words, uint256 counter) internal {
        _acted(act, words, counter, Outcome.DONE);
    }

    function _acted(Header memory act, bytes calldata words, uint256 counter, uint256 outcome) internal {
        emit Acted(act.object, act.principal, act.digest, act.verb, counter, outcome, act.key, words);
    }

    function _requireCounter(Header memory act, uint256 counter) internal pure {
        require(act.counter == counter, StaleCounter(act.object, counter, act.counter));
    }

    /// @dev Word `i` of the verb's own fields, the header's not counted. The shape's check keeps it in bounds.
    function _own(bytes calldata words, uint256 i) internal pure returns (bytes32 word) {
        return _word(words, HEADER_WORDS + i);
    }

    function _ownUint(bytes calldata words, uint256 i) internal pure returns (uint256 word) {
        return uint256(_word(words, HEADER_WORDS + i));
    }

    /// @dev The array whose count is own word `i`, and the index of the own word after it.
    function _ownArray(bytes calldata words, uint256 i) internal pure returns (bytes32[] calldata items, uint256 next) {
        uint256 count = _ownUint(words, i);
        // The shape's check has shown that the items lie inside the words.
        assembly ("memory-safe") {
            items.offset := add(words.offset, mul(add(add(HEADER_WORDS, i), 1), 32))
            items.length := count
        }
        next = i + 1 + count;
    }

    function _run(bytes calldata act) private {
        if (act.length < MIN_ACT_BYTES || act.length > MAX_ACT_BYTES) {
            emit Refused(0, 0, 0, act.length == 0 ? 0 : uint8(act[0]), abi.encodeWithSelector(ActMalformed.selector));
            return;
        }
        bytes memory call = abi.encodeCall(this.execute, (act));
        // A call passes on at most 63/64 of the gas left.
        require(gasleft() >= (_gasCap + RESERVE) * 64 / 63, GasTooLow());
        (bool done, bytes memory reason) = address(this).call{gas: _gasCap}(call);
        if (!done) _refuse(act, reason);
    }

    function _refuse(bytes calldata act, bytes memory reason) private {
        (uint256 verb, bytes calldata words) = _split(act);
        bytes32 digest = 0;
        try this.digestOf(act) returns (bytes32 signed) {
            digest = signed;
        } catch {
            // Malformed beyond a digest: the reason says so.
        }
        emit Refused(_word(words, OBJECT), _word(words, PRINCIPAL), digest, verb, reason);
    }

    function _split(bytes calldata act) private pure returns (uint256 verb, bytes calldata words) {
        require(act.length >= MIN_ACT_BYTES, ActMalformed());
        return (uint8(act[0]), act[1:act.length - SIGNATURE_BYTES]);
    }

    /// @dev EIP-712; refuses every encoding but the one of the verb's shape.
    function _digest(uint256 verb, bytes calldata words) private view returns (bytes32 digest) {
        (bytes32 typeHash, uint256 statics, uint256 arrays) = _shape(verb);
        require(typeHash != 0, VerbUnknown(verb));
        uint256 offset = statics * 32;
        require(words.length >= offset, ActMalformed());
        bytes memory members = abi.encodePacked(typeHash, words[:offset]);
        for (uint256 i = 0; i < arrays; i++) {
            require(offset + 32 <= words.length, ActMalformed());
            uint256 count = uint256(_word(words, offset / 32));
            uint256 end = offset + 32;
            require(count <= MAX_ITEMS && end + count * 32 <= words.length, ActMalformed());
            offset = end + count * 32;
            members = bytes.concat(members, keccak256(words[end:offset]));
        }
        require(offset == words.length, ActMalformed());
        return MessageHashUtils.toTypedDataHash(_domainSeparator, keccak256(members));
    }

    /// @dev Word `i` of all.
    function _word(bytes calldata words, uint256 i) internal pure returns (bytes32 word) {
        // In bounds: at least the header's words are there, and the shape's check covers the rest.
        assembly ("memory-safe") {
            word := calldataload(add(words.offset, mul(i, 32)))
        }
    }
}
