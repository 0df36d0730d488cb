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
    /// @dev What every verb needs of its act; the own fields are read from the words in calldata. The first seven stand
    /// in memory as EIP-712 hashes them, and the own words are hashed behind them, before the rest is written.
    struct Header {
        bytes32 typeHash;
        bytes32 principal;
        bytes32 delegation;
        bytes32 object;
        uint256 counter;
        uint256 expires;
        bytes32 companion;
        uint256 verb;
        uint256 parts;
        bytes32 digest;
        address key;
    }

    /// @dev Verb 1, parts 1, principal 32, object 32, counter 4, expires 5; a delegation and a companion may follow.
    uint256 private constant HEADER_BYTES = 75;
    uint256 private constant PRINCIPAL = 2;
    uint256 private constant OBJECT = 34;
    uint256 private constant COUNTER_AND_EXPIRES = 66;
    uint256 private constant HAS_DELEGATION = 1;
    uint256 private constant HAS_COMPANION = 2;
    uint256 private constant MAX_ACTS = 50;
    uint256 private constant MAX_ITEMS = 16;
    uint256 private constant SIGNATURE_BYTES = 65;
    uint256 private constant MIN_ACT_BYTES = HEADER_BYTES + SIGNATURE_BYTES;
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
        (Header memory header,,) = _read(act);
        return header.digest;
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
        // Lengths of calldata are far below where an addition wraps.
        unchecked {
            do {
                require(offset + 2 <= batch.length, BatchMalformed());
                uint256 start = offset + 2;
                offset = start + (uint256(_bytesAt(batch, offset)) >> 240);
                require(offset <= batch.length, BatchMalformed());
                require(++count <= MAX_ACTS, BatchTooLong());
                _run(_cut(batch, start, offset));
            } while (offset < batch.length);
        }
    }

    /// @inheritdoc IActs
    function execute(bytes calldata act) external {
        require(msg.sender == address(this), OnlySelf());
        (Header memory header, bytes calldata words, bytes calldata rest) = _read(act);
        require(block.timestamp <= header.expires, ActExpired(header.expires));
        require(header.delegation == 0 || (_delegable() >> header.verb) & 1 == 1, VerbNotDelegable(header.verb));
        header.key = _signer(header.digest, rest);
        _perform(header, words, _cut(rest, SIGNATURE_BYTES, rest.length));
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
        uint256 header = _headerBytes(act.parts);
        bytes calldata signed;
        assembly ("memory-safe") {
            // The words stand behind the header, from which they were read.
            signed.offset := sub(words.offset, header)
            signed.length := add(words.length, header)
        }
        uint256 effect = uint160(act.key) | (counter << 160) | (outcome << 192);
        emit Acted(act.object, act.principal, act.digest, effect, signed);
    }

    function _requireCounter(Header memory act, uint256 counter) internal pure {
        require(act.counter == counter, StaleCounter(act.object, counter, act.counter));
    }

    /// @dev Own word `i` of the act. The shape's check keeps it in bounds.
    function _own(bytes calldata words, uint256 i) internal pure returns (bytes32 word) {
        assembly ("memory-safe") {
            word := calldataload(add(words.offset, mul(i, 32)))
        }
    }

    function _ownUint(bytes calldata words, uint256 i) internal pure returns (uint256 word) {
        assembly ("memory-safe") {
            word := calldataload(add(words.offset, mul(i, 32)))
        }
    }

    /// @dev The array whose count is own word `i`, and the index of the own word after it.
    function _ownArray(bytes calldata words, uint256 i) internal pure returns (bytes32[] calldata items, uint256 next) {
        uint256 count = _ownUint(words, i);
        // The shape's check has shown that the items lie inside the words.
        assembly ("memory-safe") {
            items.offset := add(words.offset, mul(add(i, 1), 32))
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
        emit Refused(_bytesAt(act, OBJECT), _bytesAt(act, PRINCIPAL), digest, uint8(act[0]), reason);
    }

    /// @dev An act's header with its EIP-712 digest, its own words, and from its signature on what follows; refuses
    /// every encoding but the one of the verb's shape. The act is at least MIN_ACT_BYTES long.
    function _read(bytes calldata act)
        internal
        view
        returns (Header memory header, bytes calldata words, bytes calldata rest)
    {
        require(act.length >= MIN_ACT_BYTES, ActMalformed());
        (bytes32 typeHash, uint256 statics, uint256 arrays, bool attaches) = _shape(uint8(act[0]));
        require(typeHash != 0, VerbUnknown(uint8(act[0])));
        header.typeHash = typeHash;
        words = _cut(act, _readHeader(header, act), act.length);
        uint256 end = _hash(header, words, statics, arrays);
        (header.verb, header.parts) = (uint8(act[0]), uint8(act[1]));
        unchecked {
            uint256 signed = end + SIGNATURE_BYTES;
            require(signed == words.length || (attaches && signed < words.length), ActMalformed());
        }
        (words, rest) = (_cut(words, 0, end), _cut(words, end, words.length));
    }

    /// @dev Fill in what the header's bytes say; a delegation and a companion stand there only if they are not zero.
    function _readHeader(Header memory header, bytes calldata act) private pure returns (uint256 length) {
        header.principal = _bytesAt(act, PRINCIPAL);
        header.object = _bytesAt(act, OBJECT);
        uint256 numbers = uint256(_bytesAt(act, COUNTER_AND_EXPIRES));
        header.counter = numbers >> 224;
        header.expires = uint40(numbers >> 184);
        uint256 parts = uint8(act[1]);
        length = HEADER_BYTES;
        if (parts != 0) {
            length = _headerBytes(parts);
            _readParts(header, act, parts, length);
        }
    }

    function _readParts(Header memory header, bytes calldata act, uint256 parts, uint256 length)
        private
        pure
    {
        require(parts <= HAS_DELEGATION | HAS_COMPANION, ActMalformed());
        require(length + SIGNATURE_BYTES <= act.length, ActMalformed());
        if (parts & HAS_COMPANION != 0) header.companion = _bytesAt(act, length - 32);
        if (parts & HAS_DELEGATION != 0) header.delegation = _bytesAt(act, HEADER_BYTES);
        require((parts & HAS_COMPANION == 0) == (header.companion == 0), ActMalformed());
        require((parts & HAS_DELEGATION == 0) == (header.delegation == 0), ActMalformed());
    }

    /// @dev How long a header with these parts is.
    function _headerBytes(uint256 parts) internal pure returns (uint256 length) {
        unchecked {
            return HEADER_BYTES + 32 * ((parts & HAS_DELEGATION) + parts / HAS_COMPANION);
        }
    }

    /// @dev Set the digest, and return where the own words of the act end. EIP-712's hashStruct is over the type hash,
    /// the static words as they are, and of each array the hash of its items.
    function _hash(Header memory header, bytes calldata words, uint256 statics, uint256 arrays)
        private
        view
        returns (uint256 end)
    {
        // Counts are at most MAX_ITEMS, and lengths of calldata far below where an addition wraps.
        unchecked {
            end = statics * 32;
            require(words.length >= end, ActMalformed());
            uint256 last;
            assembly ("memory-safe") {
                // The header was the last to be allocated: behind its first seven words are four that are written
                // afterwards, and free memory.
                last := add(header, 224)
                calldatacopy(last, words.offset, end)
                last := add(last, end)
            }
            for (uint256 i = 0; i < arrays; i++) {
                require(end + 32 <= words.length, ActMalformed());
                uint256 count = uint256(_bytesAt(words, end));
                uint256 start = end + 32;
                require(count <= MAX_ITEMS && start + count * 32 <= words.length, ActMalformed());
                end = start + count * 32;
                assembly ("memory-safe") {
                    calldatacopy(last, add(words.offset, start), sub(end, start))
                    mstore(last, keccak256(last, sub(end, start)))
                    last := add(last, 32)
                }
            }
            bytes32 hash;
            assembly ("memory-safe") {
                hash := keccak256(header, sub(last, header))
            }
            header.digest = MessageHashUtils.toTypedDataHash(_domainSeparator, hash);
        }
    }

    /// @dev The key that signed `digest` with the first 65 bytes; refuses a signature in any other than its one form.
    function _signer(bytes32 digest, bytes calldata signature) internal pure returns (address key) {
        ECDSA.RecoverError failure;
        (bytes32 r, bytes32 s) = (_bytesAt(signature, 0), _bytesAt(signature, 32));
        (key, failure,) = ECDSA.tryRecover(digest, uint8(signature[64]), r, s);
        require(failure == ECDSA.RecoverError.NoError, SignatureInvalid());
    }

    /// @dev The 32 bytes from `start` on; the caller knows that they are there.
    function _bytesAt(bytes calldata data, uint256 start) internal pure returns (bytes32 word) {
        assembly ("memory-safe") {
            word := calldataload(add(data.offset, start))
        }
    }

    /// @dev The bytes from `start` to before `end`; the caller knows that they are there.
    function _cut(bytes calldata data, uint256 start, uint256 end) internal pure returns (bytes calldata part) {
        assembly ("memory-safe") {
            part.offset := add(data.offset, start)
            part.length := sub(end, start)
        }
    }
}
