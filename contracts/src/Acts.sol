// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {MessageHashUtils} from "@openzeppelin/contracts/utils/cryptography/MessageHashUtils.sol";
import {Outcome} from "./generated/Words.sol";
import {IActs} from "./interfaces/IActs.sol";

/// @title Acts
/// @notice Invariant: an act takes effect at most once, and a refused act changes no state.
/// @notice Invariant: a relayer cannot make an act refused that would have succeeded with its whole gas cap.
abstract contract Acts is IActs {
    /// @dev What every verb needs of its act; the own fields are read from the words in calldata.
    struct Header {
        uint256 verb;
        bytes32 principal;
        bytes32 delegation;
        bytes32 object;
        uint256 counter;
        bytes32 digest;
        address key;
    }

    uint256 internal constant HEADER_WORDS = 6;
    /// @dev Places of the header's words.
    uint256 internal constant PRINCIPAL = 0;
    uint256 internal constant DELEGATION = 1;
    uint256 internal constant OBJECT = 2;
    uint256 internal constant EXPIRES = 4;
    uint256 private constant MAX_ACTS = 50;
    uint256 private constant MAX_ITEMS = 16;
    uint256 private constant SIGNATURE_BYTES = 65;
    uint256 private constant MIN_ACT_BYTES = 1 + HEADER_WORDS * 32 + SIGNATURE_BYTES;
    /// @dev Longer than the longest act: an order with three full arrays, a checkpoint with a proof of 65 nodes.
    uint256 private constant MAX_ACT_BYTES = 2560;
    /// @dev Gas kept back to hash a refused act and log it.
    uint256 private constant RESERVE = 60_000;
    bytes32 private constant DOMAIN_TYPE =
        keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract,bytes32 salt)");

    bytes32 private immutable _domainSeparator;
    uint256 private immutable _gasCap;
    uint256 private immutable _gasNeeded;

    /// @param networkId salt of the EIP-712 domain
    /// @param cap gas that each act may use at most
    constructor(bytes32 networkId, uint256 cap) {
        _gasCap = cap;
        // A call passes on at most 63/64 of the gas left.
        _gasNeeded = (cap + RESERVE) * 64 / 63;
        _domainSeparator = keccak256(
            abi.encode(DOMAIN_TYPE, keccak256("Lading"), keccak256("1"), block.chainid, address(this), networkId)
        );
    }

    /// @inheritdoc IActs
    function digestOf(bytes calldata act) external view returns (bytes32 digest) {
        (digest,,,) = _read(act);
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
        Header memory header;
        bytes calldata words;
        bytes calldata signature;
        bytes calldata attached;
        (header.digest, words, signature, attached) = _read(act);
        header.verb = uint8(act[0]);
        assembly ("memory-safe") {
            // Principal, delegation, object and counter: they stand in the words and in the header in one order.
            calldatacopy(add(header, 32), words.offset, 128)
        }
        uint256 expires = uint256(_word(words, EXPIRES));
        require(block.timestamp <= expires, ActExpired(expires));
        require(header.delegation == 0 || (_delegable() >> header.verb) & 1 == 1, VerbNotDelegable(header.verb));
        header.key = _signer(header.digest, signature);
        _perform(header, words, attached);
    }

    /// @dev The verb's shape: see the generated libraries. A zero type hash refuses the verb.
    function _shape(uint256 verb)
        internal
        pure
        virtual
        returns (bytes32 typeHash, uint256 statics, uint256 arrays, bool attaches);

    /// @dev Bit c: the verb of code c can be used under a delegation. A contract that says so asks Membership for it.
    function _delegable() internal pure virtual returns (uint256 mask) {
        return 0;
    }

    /// @dev Carry out an act whose form, expiry and signature are good; whose key it is, is still to be checked.
    /// `attached` is not signed, and empty for a verb that attaches nothing.
    function _perform(Header memory act, bytes calldata words, bytes calldata attached) internal virtual;

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
        unchecked {
            return _word(words, HEADER_WORDS + i);
        }
    }

    function _ownUint(bytes calldata words, uint256 i) internal pure returns (uint256 word) {
        unchecked {
            return uint256(_word(words, HEADER_WORDS + i));
        }
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
        require(gasleft() >= _gasNeeded, GasTooLow());
        uint256 cap = _gasCap;
        bytes4 selector = this.execute.selector;
        bool done;
        assembly ("memory-safe") {
            // this.execute(act), encoded where memory is free, and left free.
            let call_ := mload(0x40)
            mstore(call_, selector)
            mstore(add(call_, 4), 32)
            mstore(add(call_, 36), act.length)
            calldatacopy(add(call_, 68), act.offset, act.length)
            done := call(cap, address(), 0, call_, add(68, act.length), 0, 0)
        }
        if (!done) _refuse(act, _returned());
    }

    function _returned() private pure returns (bytes memory data) {
        assembly ("memory-safe") {
            data := mload(0x40)
            mstore(data, returndatasize())
            returndatacopy(add(data, 32), 0, returndatasize())
            mstore(0x40, and(add(add(data, returndatasize()), 63), not(31)))
        }
    }

    function _refuse(bytes calldata act, bytes memory reason) private {
        bytes32 digest = 0;
        try this.digestOf(act) returns (bytes32 signed) {
            digest = signed;
        } catch {
            // Malformed beyond a digest: the reason says so.
        }
        bytes calldata words = act[1:];
        emit Refused(_word(words, OBJECT), _word(words, PRINCIPAL), digest, uint8(act[0]), reason);
    }

    /// @dev The parts of an act and its EIP-712 digest; refuses every encoding but the one of the verb's shape.
    function _read(bytes calldata act)
        internal
        view
        returns (bytes32 digest, bytes calldata words, bytes calldata signature, bytes calldata attached)
    {
        require(act.length >= MIN_ACT_BYTES, ActMalformed());
        (bytes32 typeHash, uint256 statics, uint256 arrays, bool attaches) = _shape(uint8(act[0]));
        require(typeHash != 0, VerbUnknown(uint8(act[0])));
        words = act[1:];
        uint256 end;
        (digest, end) = _hashed(typeHash, statics, arrays, words);
        digest = MessageHashUtils.toTypedDataHash(_domainSeparator, digest);
        uint256 signed = end + SIGNATURE_BYTES;
        require(signed == words.length || (attaches && signed < words.length), ActMalformed());
        // One after the other, and together the whole act: nothing to check again.
        assembly ("memory-safe") {
            signature.offset := add(words.offset, end)
            signature.length := SIGNATURE_BYTES
            attached.offset := add(words.offset, signed)
            attached.length := sub(words.length, signed)
            words.length := end
        }
    }

    /// @dev EIP-712's hashStruct, and where the words of the act end: the type hash, the static words as they are, and
    /// of each array the hash of its items.
    function _hashed(bytes32 typeHash, uint256 statics, uint256 arrays, bytes calldata words)
        private
        pure
        returns (bytes32 hash, uint256 end)
    {
        end = statics * 32;
        require(words.length >= end, ActMalformed());
        // Built where memory is free, and left free.
        uint256 members;
        uint256 length = 32 + end;
        assembly ("memory-safe") {
            members := mload(0x40)
            mstore(members, typeHash)
            calldatacopy(add(members, 32), words.offset, end)
        }
        for (uint256 i = 0; i < arrays; i++) {
            require(end + 32 <= words.length, ActMalformed());
            uint256 count = uint256(_word(words, end / 32));
            uint256 start = end + 32;
            require(count <= MAX_ITEMS && start + count * 32 <= words.length, ActMalformed());
            end = start + count * 32;
            assembly ("memory-safe") {
                let last := add(members, length)
                calldatacopy(last, add(words.offset, start), sub(end, start))
                mstore(last, keccak256(last, sub(end, start)))
            }
            length += 32;
        }
        assembly ("memory-safe") {
            hash := keccak256(members, length)
        }
    }

    /// @dev The key that signed `digest`; refuses a signature in any other than its one form.
    function _signer(bytes32 digest, bytes calldata signature) internal pure returns (address key) {
        ECDSA.RecoverError failure;
        (bytes32 r, bytes32 s) = (_word(signature, 0), _word(signature, 1));
        (key, failure,) = ECDSA.tryRecover(digest, uint8(signature[64]), r, s);
        require(failure == ECDSA.RecoverError.NoError, SignatureInvalid());
    }

    /// @dev Word `i` of all.
    function _word(bytes calldata words, uint256 i) internal pure returns (bytes32 word) {
        // In bounds: at least the header's words are there, and the shape's check covers the rest.
        assembly ("memory-safe") {
            word := calldataload(add(words.offset, mul(i, 32)))
        }
    }
}
